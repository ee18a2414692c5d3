#!/usr/bin/env node
// Makes dist/ of src/: one file for Steward and all that it loads at its start, which takes less time than as many
// modules, and a few for the process of the embedded database. Nothing is minified but white space: a stack trace names
// functions, and lines of dist/.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { withoutCloudflare } from './bundle/pg-stream.mjs';
import { compiledInBackground } from './bundle/query-compiler.mjs';
import { recordCodeCache } from './bundle/code-cache.mjs';
import { writeLicences } from './bundle/licences.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = path.join(ROOT, 'dist');

/** Packages that are loaded only when their function is used; those with files of their own could not move anyway. */
const EXTERNAL = [
  '@electric-sql/*',
  '@opentelemetry/*',
  '@prisma/instrumentation',
  '@redis/client',
  'prom-client',
  // Tried by pg, and not installed.
  'pg-native',
];

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  external: EXTERNAL,
  minifyWhitespace: true,
  lineLimit: 160,
  logLevel: 'warning',
  metafile: true,
};

// Files of an earlier build would be shipped.
await rm(DIST, { recursive: true, force: true });
await build({ ...COMMON, entryPoints: ['src/main.ts'], outfile: 'dist/main.js', format: 'esm' });
const program = await build({
  ...COMMON,
  entryPoints: ['src/program.ts'],
  outfile: 'dist/steward.cjs',
  format: 'cjs',
  // A script whose code comes from a cache cannot import, only require.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [compiledInBackground(DIST), withoutCloudflare],
});
const host = await build({
  ...COMMON,
  entryPoints: ['main', 'initdb-worker'].map((name) => `src/database/embedded/host/${name}.ts`),
  outdir: 'dist/embedded-host',
  format: 'esm',
  splitting: true,
});
await recordCodeCache(path.join(DIST, 'steward.cjs'));
const inputs = [program, host].flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
await writeLicences(ROOT, inputs, path.join(DIST, 'THIRD-PARTY-LICENSES.txt'));
