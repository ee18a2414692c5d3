#!/usr/bin/env node
// Writes the tables of README.md that follow from the code: capabilities and configuration.
//   node scripts/readme-tables.mjs          writes them
//   node scripts/readme-tables.mjs --check  exits 1 if they are not current
import { readFileSync, writeFileSync } from 'node:fs';
import { createDirectory } from '../build/directory/index.js';
import { toJsonSchema } from '../build/protocol/json-schema.js';
import { ENVIRONMENT } from '../build/settings/environment.js';
import { passingSecret } from '../build/settings/secret.js';
import { z } from 'zod';
import { formatMarkdown, replaceSection } from './generated-section.mjs';

const catalogue = createDirectory({
  database: { ready: () => Promise.reject(new Error('Tables need no database')) },
  settings: { cacheTtlMs: 0 },
  secret: passingSecret(),
});

const README = new URL('../README.md', import.meta.url);

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** @param {string[]} head @param {string[][]} rows */
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

/** @param {import('zod').ZodObject} input */
function argumentsOf(input) {
  const { properties = {}, required = [] } = /** @type {{ properties?: object, required?: string[] }} */ (
    toJsonSchema(input, 'input')
  );
  return Object.keys(properties)
    .map((name) => (required.includes(name) ? `**${name}**` : name))
    .join(', ');
}

function capabilities() {
  const tools = catalogue.tools.map(({ name, input, effect, description }) => [
    `\`${name}\``,
    argumentsOf(input) || '–',
    effect.readOnlyHint ? 'reads' : effect.destructiveHint ? 'overwrites' : 'adds',
    description,
  ]);
  const resources = catalogue.resources.map(({ name, uriTemplate, tool, description }) => [
    `\`${name}\``,
    `\`${uriTemplate}\``,
    `\`${tool.name}\``,
    description,
  ]);
  const prompts = catalogue.prompts.map(({ name, arguments: input, description }) => [
    `\`${name}\``,
    argumentsOf(input),
    description,
  ]);
  return [
    '**Tools** (arguments that must be given are bold)',
    table(['tool', 'arguments', 'effect', 'what it does'], tools),
    '**Resources**',
    table(['resource', 'URI', 'the same as', 'what it holds'], resources),
    '**Prompts**',
    table(['prompt', 'arguments', 'what it is for'], prompts),
  ].join('\n\n');
}

function configuration() {
  const rows = Object.entries({ ...ENVIRONMENT.shape, ...catalogue.settings }).map(([name, schema]) => {
    const fallback = schema instanceof z.ZodDefault ? String(schema.def.defaultValue) : '';
    const unit = name.endsWith('_MS') ? ' ms' : '';
    return [`\`${name}\``, fallback && `${fallback}${unit}`, schema.description ?? ''];
  });
  return table(['variable', 'default', 'meaning'], rows);
}

const before = readFileSync(README, 'utf8');
const written = replaceSection(
  replaceSection(before, 'capabilities', capabilities()),
  'configuration',
  configuration(),
);
const after = await formatMarkdown(written, README);

if (!process.argv.includes('--check')) writeFileSync(README, after);
else if (before !== after) {
  process.stderr.write('README.md is not current. Run: npm run docs\n');
  process.exitCode = 1;
}
