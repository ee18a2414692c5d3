#!/usr/bin/env node
// Writes the sections of docs/ and of prisma/roles.sql that follow from the code, and steward.schema.json.
//   node scripts/generated-docs.mjs          writes them
//   node scripts/generated-docs.mjs --check  exits 1 if one is not current
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import { configurationSchema } from '../build/commands/configuration-schema.js';
import { flagOf } from '../build/commands/setting-flags.js';
import { CLIENTS } from '../build/commands/setup/clients.js';
import { listPlaces } from '../build/commands/setup/places.js';
import { rightsFor } from '../build/directory/index.js';
import { DATABASE, openSchema } from '../build/records/configuration.js';
import { createRecords } from '../build/records/index.js';
import { Source } from '../build/records/source.js';
import { createLog } from '../build/observability/log.js';
import { toJsonSchema } from '../build/protocol/json-schema.js';
import { ENVIRONMENT } from '../build/settings/environment.js';
import { passingSecret } from '../build/settings/secret.js';
import { z } from 'zod';
import { formatMarkdown, markdownTable, replaceSection, replaceSql } from './markdown.mjs';
import { directory, firstSentence, unopened } from './unopened-directory.mjs';

const records = createShop();

/** The records of examples/shop: without a schema there would be no tool. */
function createShop() {
  const file = new URL('../examples/shop/steward.config.json', import.meta.url);
  const section = DATABASE.parse(JSON.parse(readFileSync(file, 'utf8')).databases.shop);
  const surroundings = {
    folder: path.dirname(fileURLToPath(file)),
    origin: file.href,
    url: 'postgresql://shop',
  };
  const { schema, exposure } = openSchema(section, surroundings);
  return createRecords({
    sources: [
      new Source({
        name: 'shop',
        exposure,
        claims: [],
        database: unopened,
        zone: 'UTC',
        log: createLog('error'),
      }),
    ],
    schemas: [schema],
    largestAnswerBytes: 1,
    secret: passingSecret(),
  });
}

/** The text of each generated section, by its page. @type {Record<string, Record<string, () => string>>} */
const PAGES = {
  '../docs/capabilities.md': {
    tools: () => tools(directory),
    resources: () => resources(directory),
    prompts: () => prompts(directory),
    'records tools': () => tools(records),
    'records resources': () => resources(records),
    'records prompts': () => prompts(records),
  },
  '../docs/clients.md': { clients },
  '../docs/configuration.md': { settings, sections },
  '../docs/own-tools.md': { 'server.js': () => codeOf('../examples/own-tools/server.js', 'js') },
};

/** A file as it stands. @param {string} file @param {string} language */
function codeOf(file, language) {
  return `\`\`\`${language}\n${readFileSync(new URL(file, import.meta.url), 'utf8').trimEnd()}\n\`\`\``;
}

/** @param {import('zod').ZodObject} input */
function argumentsOf(input) {
  const { properties = {}, required = [] } = /** @type {{ properties?: object, required?: string[] }} */ (
    toJsonSchema(input, 'input')
  );
  return Object.keys(properties)
    .map((name) => (required.includes(name) ? `**${name}**` : name))
    .join(', ');
}

/** @param {import('../build/capability/domain.js').Domain} domain */
function tools(domain) {
  const rows = domain.tools.map(({ name, input, effect, scope, description }) => {
    const kind = effect.readOnlyHint ? 'reads' : effect.destructiveHint ? 'overwrites' : 'adds';
    const needed = typeof scope === 'string' ? `\`${scope}\`` : 'the scope of a model';
    return [`\`${name}\` ${argumentsOf(input)}`, `${kind}, ${needed}`, firstSentence(description)];
  });
  return markdownTable(['tool, and its arguments', 'effect, scope', 'what it does'], rows);
}

/** @param {import('../build/capability/domain.js').Domain} domain */
function resources(domain) {
  const rows = domain.resources.map(({ name, uriTemplate, tool }) => [
    `\`${name}\``,
    `\`${uriTemplate}\``,
    `\`${tool.name}\``,
  ]);
  return markdownTable(['resource', 'URI', 'the same as'], rows);
}

/** @param {import('../build/capability/domain.js').Domain} domain */
function prompts(domain) {
  const rows = domain.prompts.map(({ name, arguments: input, description }) => [
    `\`${name}\` ${argumentsOf(input)}`,
    description,
  ]);
  return markdownTable(['prompt, and its arguments', 'what it is for'], rows);
}

function settings() {
  const rows = Object.entries({ ...ENVIRONMENT.shape, ...directory.settings, ...records.settings }).map(
    ([name, schema]) => {
      const fallback = schema instanceof z.ZodDefault ? `=${String(schema.def.defaultValue)}` : '';
      const note = flagOf(name) === undefined ? ' (no flag)' : '';
      if (!schema.description) throw new Error(`${name} has no description`);
      return [`\`${name}${fallback}\`${note}`, schema.description];
    },
  );
  return markdownTable(['variable, and its default', 'meaning'], rows);
}

/** What the configuration file may say beside its settings, a line each. */
function sections() {
  /** @type {(schema: any, at: string) => string[][]} */
  const rowsOf = (schema, at) => {
    const { description, properties = {}, additionalProperties } = schema;
    const own = description === undefined ? [] : [[`\`${at}\``, description]];
    // The arguments of tools stand in capabilities.md.
    const isTool = description?.startsWith('Arguments of ');
    const within = Object.entries(isTool ? {} : properties).filter(
      ([name]) => name !== '$schema' && name !== 'settings',
    );
    const nested = typeof additionalProperties === 'object' ? additionalProperties : undefined;
    return [
      ...own,
      ...within.flatMap(([name, value]) => rowsOf(value, at === '' ? name : `${at}.${name}`)),
      ...(nested ? rowsOf(nested, `${at}.NAME`) : []),
    ];
  };
  return markdownTable(['section', 'meaning'], rowsOf(configurationSchema(), ''));
}

/** Where each client keeps its servers, a column a system. */
function clients() {
  const machines = [machine('linux', '~'), machine('darwin', '~'), machine('win32', '%USERPROFILE%')];
  const rows = CLIENTS.map((client) => {
    const cells = machines.map((one) => listPlaces(client, one).map(({ file }) => `\`${file}\``));
    return [`\`${client.id}\``, client.name, ...cells.map((files) => files.join('<br>'))];
  });
  return markdownTable(['name', 'client', 'Linux', 'macOS', 'Windows'], rows);
}

/**
 * A machine whose folders are called as people call them.
 * @param {NodeJS.Platform} platform
 * @param {string} home
 */
function machine(platform, home) {
  const isWindows = platform === 'win32';
  const named = ['CLAUDE_CONFIG_DIR', 'CODEX_HOME', ...(isWindows ? ['APPDATA', 'LOCALAPPDATA'] : [])];
  const environment = Object.fromEntries(named.map((name) => [name, isWindows ? `%${name}%` : `$${name}`]));
  return { platform, home, environment };
}

for (const [page, generated] of Object.entries(PAGES)) {
  const file = new URL(page, import.meta.url);
  const before = readFileSync(file, 'utf8');
  const written = Object.entries(generated).reduce(
    (text, [name, content]) => replaceSection(text, name, content()),
    before,
  );
  keepCurrent(page, before, await formatMarkdown(written, file));
}

const ROLES = '../prisma/roles.sql';
const roles = readFileSync(new URL(ROLES, import.meta.url), 'utf8');
const rights = rightsFor(false);
const names = Object.keys(rights)
  .map((table) => `'${table}'`)
  .join(', ');
keepCurrent(ROLES, roles, replaceSql(replaceSql(roles, 'tables', [names]), 'rights', grants(rights)));

/** The statements that give the role these rights and no others. @param {import('../build/database/privileges.js').Rights} needed */
function grants(needed) {
  const tables = Object.keys(needed).join(', ');
  const sequences = Object.values(needed).flatMap(({ sequence }) => sequence ?? []);
  const onColumns = Object.entries(needed).flatMap(([table, { INSERT = [], UPDATE = [] }]) =>
    Object.entries({ INSERT, UPDATE })
      .filter(([, columns]) => columns.length > 0)
      .map(
        ([privilege, columns]) => `GRANT ${privilege} (${columns.join(', ')}) ON ${table} TO steward_app;`,
      ),
  );
  return [
    `REVOKE ALL ON ${tables} FROM PUBLIC, steward_app;`,
    `REVOKE ALL ON SEQUENCE ${sequences.join(', ')} FROM PUBLIC, steward_app;`,
    `GRANT SELECT ON ${tables} TO steward_app;`,
    ...onColumns,
    `GRANT USAGE ON SEQUENCE ${sequences.join(', ')} TO steward_app;`,
  ];
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
