#!/usr/bin/env node
// Writes the sections of docs/ that follow from the code, and steward.schema.json.
//   node scripts/generated-docs.mjs          writes them
//   node scripts/generated-docs.mjs --check  exits 1 if one is not current
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import prettier from 'prettier';
import { configurationSchema } from '../build/commands/configuration-schema.js';
import { flagOf } from '../build/commands/setting-flags.js';
import { createDirectory } from '../build/directory/index.js';
import { toJsonSchema } from '../build/protocol/json-schema.js';
import { ENVIRONMENT } from '../build/settings/environment.js';
import { passingSecret } from '../build/settings/secret.js';
import { z } from 'zod';
import { formatMarkdown, markdownTable, replaceSection } from './markdown.mjs';

const catalogue = createDirectory({
  database: { ready: () => Promise.reject(new Error('Tables need no database')) },
  settings: { cacheTtlMs: 0 },
  secret: passingSecret(),
});

/** The text of each generated section, by its page. @type {Record<string, Record<string, () => string>>} */
const PAGES = {
  '../docs/capabilities.md': { tools, resources, prompts },
  '../docs/configuration.md': { settings },
};

/** The rest of a tool's description is for the model that is to call it. @param {string} description */
const firstSentence = (description) => /^.*?\.(?= |$)/.exec(description)?.[0] ?? description;

/** @param {import('zod').ZodObject} input */
function argumentsOf(input) {
  const { properties = {}, required = [] } = /** @type {{ properties?: object, required?: string[] }} */ (
    toJsonSchema(input, 'input')
  );
  return Object.keys(properties)
    .map((name) => (required.includes(name) ? `**${name}**` : name))
    .join(', ');
}

function tools() {
  const rows = catalogue.tools.map(({ name, input, effect, scope, description }) => {
    const kind = effect.readOnlyHint ? 'reads' : effect.destructiveHint ? 'overwrites' : 'adds';
    return [`\`${name}\` ${argumentsOf(input)}`, `${kind}, \`${scope}\``, firstSentence(description)];
  });
  return markdownTable(['tool, and its arguments', 'effect, scope', 'what it does'], rows);
}

function resources() {
  const rows = catalogue.resources.map(({ name, uriTemplate, tool }) => [
    `\`${name}\``,
    `\`${uriTemplate}\``,
    `\`${tool.name}\``,
  ]);
  return markdownTable(['resource', 'URI', 'the same as'], rows);
}

function prompts() {
  const rows = catalogue.prompts.map(({ name, arguments: input, description }) => [
    `\`${name}\` ${argumentsOf(input)}`,
    description,
  ]);
  return markdownTable(['prompt, and its arguments', 'what it is for'], rows);
}

function settings() {
  const rows = Object.entries({ ...ENVIRONMENT.shape, ...catalogue.settings }).map(([name, schema]) => {
    const fallback = schema instanceof z.ZodDefault ? `=${String(schema.def.defaultValue)}` : '';
    const note = flagOf(name) === undefined ? ' (no flag)' : '';
    return [`\`${name}${fallback}\`${note}`, schema.description ?? ''];
  });
  return markdownTable(['variable, and its default', 'meaning'], rows);
}

for (const [page, sections] of Object.entries(PAGES)) {
  const file = new URL(page, import.meta.url);
  const before = readFileSync(file, 'utf8');
  const written = Object.entries(sections).reduce(
    (text, [name, content]) => replaceSection(text, name, content()),
    before,
  );
  keepCurrent(page, before, await formatMarkdown(written, file));
}

const SCHEMA = '../steward.schema.json';
const published = new URL(SCHEMA, import.meta.url);
const json = await prettier.format(JSON.stringify(configurationSchema()), {
  ...(await prettier.resolveConfig(published)),
  parser: 'json',
});
keepCurrent(SCHEMA, existsSync(published) ? readFileSync(published, 'utf8') : '', json);

/** @param {string} file relative to this one @param {string} before @param {string} after */
function keepCurrent(file, before, after) {
  if (!process.argv.includes('--check')) writeFileSync(new URL(file, import.meta.url), after);
  else if (before !== after) {
    process.stderr.write(`${file.replace('../', '')} is not current. Run: npm run docs\n`);
    process.exitCode = 1;
  }
}
