#!/usr/bin/env node
// Makes dist/ of src/: one file for Steward and all that it loads at its start, which takes less time than as many
// modules, one for each thing that only a setting loads, and a few for the process of the embedded database. Nothing is
// minified but white space: a stack trace names functions, and lines of dist/.
import { execFileSync } from 'node:child_process';
import { chmod, cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NOT_BUNDLED } from './bundle/not-bundled.mjs';

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

const EXTERNAL = [
  ...NOT_BUNDLED.flatMap((name) => [name, `${name}/*`]),
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
  define: {
    'import.meta.url': 'importMetaUrl',
    // As from Node 21 on. Without it pg makes a Response to detect Cloudflare, and Node 20 loads its HTTP client for that.
    navigator: '{ "userAgent": "Node.js" }',
  },
  alias: { '@prisma/client/runtime/client': './scripts/bundle/prisma-runtime.mjs' },
  plugins: [{ name: 'optional', setup: leaveOptional }],
});
const optional = await Promise.all(Object.entries(OPTIONAL).map(bundleOptional));
const engine = await build({
  ...COMMON,
  entryPoints: ['prisma/schema-engine/engine.mjs'],
  outfile: 'dist/optional/schema-engine.cjs',
  format: 'cjs',
  // Its WebAssembly stays in its package; the bindings are a module, which a script cannot require.
  external: EXTERNAL.filter((name) => !name.startsWith('@prisma/schema-engine-wasm')),
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaUrl' },
});
const host = await build({
  ...COMMON,
  entryPoints: ['main', 'initdb-worker'].map((name) => `src/database/embedded/host/${name}.ts`),
  outdir: 'dist/embedded-host',
  format: 'esm',
  splitting: true,
});
const { wasm } = await import(QUERY_COMPILER);
await writeFile(path.join(DIST, 'query-compiler.wasm'), Buffer.from(wasm, 'base64'));
// The demo serves it.
await cp(path.join(ROOT, 'examples', 'shop'), path.join(DIST, 'examples', 'shop'), { recursive: true });
saveCodeCache();
await linkCommand();
await writeLicences(
  [program, engine, host, ...optional].flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {})),
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

/**
 * Writes down the licence of each package whose code went into a bundle, as the licences ask for with every copy.
 * @param {string[]} inputs the files that were bundled, from the root
 */
async function writeLicences(inputs) {
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? '');
  const licences = [...new Set(folders)].filter(Boolean).toSorted().map(licenceOf);
  await writeFile(path.join(DIST, 'THIRD-PARTY-LICENSES.txt'), (await Promise.all(licences)).join('\n\n'));
}

/** @param {string} folder of a package */
async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(
    await readFile(path.join(ROOT, folder, 'package.json'), 'utf8'),
  );
  const files = await readdir(path.join(ROOT, folder));
  const legal = files.filter((file) => /^(licen[cs]e|notice|copying)(\.|$)/i.test(file)).toSorted();
  const texts = await Promise.all(legal.map((file) => readFile(path.join(ROOT, folder, file), 'utf8')));
  return [`== ${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
}
