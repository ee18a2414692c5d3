#!/usr/bin/env node
// Makes dist/ of src/, which needs no package beside it: one file for Steward and all that it loads at its start, which
// takes less time than as many modules, one for each thing that only a setting or a command loads, PGlite, and one for the
// host of the embedded database. Nothing is minified but white space: a stack trace names functions, and lines of
// dist/.
import { execFileSync } from 'node:child_process';
import { chmod, cp, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildAnswerPage } from './bundle/answer-page.mjs';
import { packEmptyDatabase } from './bundle/empty-database.mjs';
import { collectLicences } from './bundle/licences.mjs';
import { bundleTypes } from './bundle/types.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = path.join(ROOT, 'dist');
const QUERY_COMPILER = '@prisma/client/runtime/query_compiler_small_bg.postgresql.wasm-base64.mjs';

/** Packages that only a setting or a command loads, by the file of dist/optional/ that holds them. */
const OPTIONAL = {
  opentelemetry: [
    '@opentelemetry/api',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace-node',
    '@prisma/instrumentation',
  ],
  'prom-client': ['prom-client'],
  prompts: ['@clack/prompts'],
  redis: ['@redis/client'],
  toml: ['toml-eslint-parser'],
};

/** Extensions of the embedded database. */
const EXTENSIONS = ['citext', 'pg_trgm'];

/** Files of packages that their code reads while it runs, by their places in dist/. */
const FILES = {
  '@prisma/prisma-schema-wasm/src/prisma_schema_build_bg.wasm': 'optional/prisma_schema_build_bg.wasm',
  '@prisma/schema-engine-wasm/schema_engine_bg.wasm': 'optional/schema-engine.wasm',
  ...Object.fromEntries(
    ['pglite.wasm', 'pglite.data', 'initdb.wasm', ...EXTENSIONS.map((name) => `${name}.tar.gz`)].map(
      (name) => [`@electric-sql/pglite/dist/${name}`, `pglite/${name}`],
    ),
  ),
};

const EXTERNAL = [
  // Tried by pg, and not installed.
  'pg-native',
  // Tried by the client of Redis, and not installed.
  '@node-rs/xxhash',
  // Stands in a file of its own.
  QUERY_COMPILER,
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

/** A script that stands beside files of its own. @type {import('esbuild').BuildOptions} */
const ALONE = {
  format: 'cjs',
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaUrl' },
};

/** @type {import('esbuild').BuildOptions} */
const REQUIRING = { supported: { 'dynamic-import': false } };

// Files of an earlier build would be shipped.
await rm(DIST, { recursive: true, force: true });
// The command, and what a program imports: each loads the same bundle.
await build({ ...COMMON, entryPoints: ['src/main.ts', 'src/index.ts'], outdir: 'dist', format: 'esm' });
await bundleTypes(path.join(ROOT, 'build', 'library.d.ts'), path.join(DIST, 'index.d.ts'));
const program = await build({
  ...COMMON,
  entryPoints: ['src/program.ts'],
  outfile: 'dist/steward.cjs',
  format: 'cjs',
  // A script whose code comes from a cache cannot import, only require.
  ...REQUIRING,
  define: {
    'import.meta.url': 'importMetaUrl',
    // As from Node 21 on. Without it pg makes a Response to detect Cloudflare, and Node 20 loads its HTTP client for that.
    navigator: '{ "userAgent": "Node.js" }',
  },
  alias: {
    '@prisma/client/runtime/client': './scripts/bundle/prisma-runtime.mjs',
    '@prisma/prisma-schema-wasm': './scripts/bundle/prisma-schema.mjs',
  },
  plugins: [leavePGlite('.'), { name: 'optional', setup: leaveOptional }],
});
const optional = await Promise.all(Object.entries(OPTIONAL).map(bundleOptional));
const parser = await build({
  ...COMMON,
  entryPoints: ['@prisma/prisma-schema-wasm'],
  outfile: 'dist/optional/prisma-schema.cjs',
  format: 'cjs',
});
const engine = await build({
  ...COMMON,
  ...ALONE,
  entryPoints: ['scripts/bundle/schema-engine.mjs'],
  outfile: 'dist/optional/schema-engine.cjs',
  plugins: [leavePGlite('..'), { name: 'engine-file', setup: replaceEngineFile }],
});
// For Prisma's command line, where a user has installed it.
await build({
  ...COMMON,
  entryPoints: {
    'prisma.config': 'prisma.config.ts',
    'schema-engine-cli': 'prisma/schema-engine/cli.mjs',
  },
  outdir: 'dist/optional',
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  plugins: [{ name: 'engine', setup: shareEngine }],
});
// It is started as a program.
await chmod(path.join(DIST, 'optional', 'schema-engine-cli.mjs'), 0o755);
const pglite = await build({
  ...COMMON,
  ...ALONE,
  // As in its package, because its modules look for its files beside them.
  entryPoints: [
    { in: '@electric-sql/pglite', out: 'index' },
    ...EXTENSIONS.map((name) => ({ in: `@electric-sql/pglite/contrib/${name}`, out: `contrib/${name}` })),
  ],
  outdir: 'dist/pglite',
  outExtension: { '.js': '.cjs' },
});
// It may be a thread of Electron's, where a module cannot import CommonJS.
const host = await build({
  ...COMMON,
  ...ALONE,
  ...REQUIRING,
  entryPoints: ['src/database/embedded/host/main.ts'],
  outfile: 'dist/embedded-host/main.cjs',
  plugins: [leavePGlite('..')],
});
const page = await buildAnswerPage(ROOT, path.join(DIST, 'answer.html'));
for (const [file, to] of Object.entries(FILES))
  await cp(path.join(ROOT, 'node_modules', file), path.join(DIST, to));
await packEmptyDatabase(path.join(DIST, 'embedded-host', 'empty-database.br'), path.join(ROOT, 'build'));
const { wasm } = await import(QUERY_COMPILER);
await writeFile(path.join(DIST, 'query-compiler.wasm'), Buffer.from(wasm, 'base64'));
// The demo serves it.
await cp(path.join(ROOT, 'examples', 'shop'), path.join(DIST, 'examples', 'shop'), { recursive: true });
saveCodeCache();
await linkCommand();
const builds = [program, parser, engine, pglite, host, page, ...optional];
await writeFile(
  path.join(DIST, 'THIRD-PARTY-LICENSES.txt'),
  await collectLicences(
    ROOT,
    builds.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {})),
  ),
);

/** Has the program require optional packages from their files. @param {import('esbuild').PluginBuild} build */
function leaveOptional({ onResolve, onLoad }) {
  const files = new Map(
    Object.entries(OPTIONAL).flatMap(([file, names]) =>
      names.map((name) => [name, `./optional/${file}.cjs`]),
    ),
  );
  onResolve({ filter: /^[@a-z]/ }, ({ path: name }) =>
    files.has(name) ? { path: name, namespace: 'optional' } : undefined,
  );
  onResolve({ filter: /^\./, namespace: 'optional' }, ({ path: file }) => ({ path: file, external: true }));
  onLoad({ filter: /./, namespace: 'optional' }, ({ path: name }) => ({
    contents: `module.exports = require(${JSON.stringify(files.get(name))})[${JSON.stringify(name)}];`,
  }));
}

/**
 * Has a bundle load PGlite from dist/pglite/.
 * @param {string} dist the way there from the bundle's folder
 * @returns {import('esbuild').Plugin}
 */
function leavePGlite(dist) {
  const name = '@electric-sql/pglite';
  return {
    name: 'pglite',
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`^${name}($|/)`) }, ({ path: module }) => ({
        path: `${dist}/pglite/${module.slice(name.length + 1) || 'index'}.cjs`,
        external: true,
      }));
    },
  };
}

/** @param {import('esbuild').PluginBuild} build */
function replaceEngineFile({ onResolve }) {
  onResolve({ filter: /^\.\/engine-file\.mjs$/ }, () => ({
    path: path.join(ROOT, 'scripts', 'bundle', 'engine-file.mjs'),
  }));
}

/** Has what stands beside the engine load its modules, and pg, from its file. @param {import('esbuild').PluginBuild} build */
function shareEngine({ onResolve, onLoad }) {
  const beside = './schema-engine.cjs';
  onResolve({ filter: /\/(connection|engine|errors|session|wasm)\.mjs$/ }, () => ({
    path: beside,
    external: true,
  }));
  onResolve({ filter: /^\.\/(prisma\/)?places\.mjs$/ }, () => ({
    path: path.join(ROOT, 'scripts', 'bundle', 'places.mjs'),
  }));
  onResolve({ filter: /^pg$/ }, () => ({ path: 'pg', namespace: 'engine' }));
  onResolve({ filter: /./, namespace: 'engine' }, () => ({ path: beside, external: true }));
  onLoad({ filter: /./, namespace: 'engine' }, () => ({
    contents: `export { pg as default } from '${beside}';`,
  }));
}

/** @param {[file: string, names: string[]]} entry */
function bundleOptional([file, names]) {
  const modules = names.map((name) => `${JSON.stringify(name)}: require(${JSON.stringify(name)})`);
  return build({
    ...COMMON,
    stdin: { contents: `module.exports = { ${modules.join(', ')} };`, resolveDir: ROOT },
    outfile: `dist/optional/${file}.cjs`,
    format: 'cjs',
  });
}

/** As installing the package does. Otherwise `npx steward-mcp`, which the docs say, finds no command in a checkout. */
async function linkCommand() {
  const link = path.join(ROOT, 'node_modules', '.bin', 'steward');
  await chmod(path.join(DIST, 'main.js'), 0o755);
  await rm(link, { force: true });
  await symlink(path.join('..', '..', 'dist', 'main.js'), link);
}

/** Serves one call, which also loads all that a start needs. Without a database the call ends in an error. */
function saveCodeCache() {
  const clientInfo = { name: 'build', version: '1' };
  const messages = [
    { id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } },
    { method: 'notifications/initialized' },
    { id: 2, method: 'tools/list' },
    { id: 3, method: 'tools/call', params: { name: 'list_recent_users', arguments: {} } },
  ];
  execFileSync(process.execPath, [path.join(ROOT, 'scripts', 'bundle', 'record.mjs')], {
    input: messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join(''),
    env: {
      NODE_ENV: 'production',
      DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere',
      // Without one, it would be kept among the user's data.
      STEWARD_SECRET: Buffer.alloc(32).toString('base64url'),
    },
    stdio: 'pipe',
  });
}
