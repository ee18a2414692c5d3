#!/usr/bin/env node
// Checks who may import whom in src/, and that no floor speaks of a domain. Prints each breach; exits 1 if there is one.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** What each folder may import besides itself and the files directly in src/. Imports point down the road of a call. */
const MAY_IMPORT = {
  commands: [
    'transport',
    'protocol',
    'guard',
    'capability',
    'directory',
    'records',
    'own',
    'database',
    'observability',
    'settings',
  ],
  transport: ['protocol', 'guard', 'observability', 'settings'],
  protocol: ['guard', 'capability', 'observability'],
  guard: ['capability', 'database', 'observability', 'settings'],
  directory: ['capability', 'database', 'observability', 'settings', 'generated'],
  records: ['capability', 'database', 'observability', 'settings'],
  own: ['capability'],
  capability: [],
  database: ['observability', 'settings'],
  observability: [],
  settings: ['observability'],
};

/** Packages that only these folders know. */
const KNOWN_TO = [
  { packages: /^@modelcontextprotocol\//, folders: ['protocol', 'transport', 'commands'] },
  {
    packages: /^(@prisma\/(?!instrumentation)|pg$)/,
    folders: ['database', 'directory', 'records', 'commands'],
  },
  { packages: /^(prom-client$|@opentelemetry\/|@prisma\/instrumentation)/, folders: ['observability'] },
];

/** A domain's own words, which no floor may hold. */
const DOMAIN_WORDS = /department|headcount|staff/i;
const NOT_A_FLOOR = ['commands', 'directory', 'records', 'own'];

const breaches = [];
const folders = readdirSync(SRC, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'generated')
  .map(({ name }) => name);
for (const folder of new Set([...folders, ...Object.keys(MAY_IMPORT)])) {
  const allowed = /** @type {Record<string, string[]>} */ (MAY_IMPORT)[folder];
  if (!folders.includes(folder))
    breaches.push(`src/${folder} is gone: take it out of the table in ${path.basename(import.meta.url)}`);
  else if (!allowed)
    breaches.push(`src/${folder} is new: say in ${path.basename(import.meta.url)} what it may import`);
  else for (const file of filesOf(folder)) check(folder, file, allowed);
}
for (const breach of breaches) console.error(breach);
process.exitCode = breaches.length > 0 ? 1 : 0;

/** @param {string} folder @param {string} file @param {string[]} allowed */
function check(folder, file, allowed) {
  const source = readFileSync(path.join(SRC, file), 'utf8');
  for (const imported of importsOf(source)) {
    if (imported.startsWith('.')) {
      const [target = '', ...rest] = path
        .relative(SRC, path.join(SRC, path.dirname(file), imported))
        .split(path.sep);
      if (rest.length > 0 && target !== folder && !allowed.includes(target))
        breaches.push(
          `src/${file} imports ${imported}: ${folder} may import ${allowed.join(', ') || 'nothing'}`,
        );
    }
    const known = KNOWN_TO.find(({ packages }) => packages.test(imported));
    if (known && !known.folders.includes(folder))
      breaches.push(`src/${file} imports ${imported}, which only ${known.folders.join(', ')} may know`);
  }
  const word = NOT_A_FLOOR.includes(folder) ? undefined : DOMAIN_WORDS.exec(source)?.[0];
  if (word !== undefined) breaches.push(`src/${file} says "${word}": a floor knows no domain`);
}

/** @param {string} folder */
function filesOf(folder) {
  return readdirSync(path.join(SRC, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
}

/** The modules that a source imports, also those that are loaded later. @param {string} source */
function importsOf(source) {
  return [...source.matchAll(/(?:\bfrom|\bimport\(?)\s*'([^']+)'/g)].map(([, name]) => String(name));
}
