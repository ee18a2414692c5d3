#!/usr/bin/env node
// Makes build/mcpb/steward.mcpb of dist/: what Claude Desktop installs with one click (format MCPB).
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { packExtension, unpackExtension } from '@anthropic-ai/mcpb';
import { makeManifest } from './mcpb/manifest.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = path.join(ROOT, 'build', 'mcpb');
const CONTENTS = path.join(FOLDER, 'contents');
const BUNDLE = path.join(FOLDER, 'steward.mcpb');
const LARGEST_BYTES = 15e6;

/** What nothing of a server over stdio loads. */
const LEFT_OUT = [
  // Of the V8 that made it; that of Claude Desktop ignores it.
  'steward.cjs.cache',
  'examples',
  'index.d.ts',
  'index.js',
  ...[
    'prisma.config.mjs',
    'prom-client.cjs',
    'prompts.cjs',
    'redis.cjs',
    'schema-engine-cli.mjs',
    'schema-engine.cjs',
    'schema-engine.wasm',
    'toml.cjs',
  ].map((file) => path.join('optional', file)),
].map((file) => path.join(ROOT, 'dist', file));

const pack = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
const { name, version, license, type } = pack;

await rm(FOLDER, { recursive: true, force: true });
await mkdir(CONTENTS, { recursive: true });
await cp(path.join(ROOT, 'dist'), path.join(CONTENTS, 'dist'), {
  recursive: true,
  filter: (file) => !LEFT_OUT.includes(file),
});
for (const one of ['LICENSE', 'prisma/migrations'])
  await cp(path.join(ROOT, one), path.join(CONTENTS, one), { recursive: true });
await cp(new URL('mcpb/icon.png', import.meta.url), path.join(CONTENTS, 'icon.png'));
await write('package.json', { name, version, license, type });
await write('manifest.json', await makeManifest(pack, { entry: 'dist/main.js', icon: 'icon.png' }));
// It validates the manifest, and says what is wrong with it.
if (!(await packExtension({ extensionPath: CONTENTS, outputPath: BUNDLE, silent: true }))) process.exit(1);
await assertComplete();
const { size } = await stat(BUNDLE);
if (size > LARGEST_BYTES) throw new Error(`${BUNDLE} has ${size} bytes, more than ${LARGEST_BYTES}`);
console.log(`${path.relative(ROOT, BUNDLE)}: ${(size / 1e6).toFixed(1)} MB`);

/** @param {string} file @param {object} content */
async function write(file, content) {
  await writeFile(path.join(CONTENTS, file), `${JSON.stringify(content, null, 2)}\n`);
}

/** Packing leaves out files by their names, and says nothing: `*.map`, `*.log`, `.env*` … */
async function assertComplete() {
  const unpacked = path.join(FOLDER, 'unpacked');
  await unpackExtension({ mcpbPath: BUNDLE, outputDir: unpacked, silent: true });
  const [all, packed] = await Promise.all(
    [CONTENTS, unpacked].map((folder) => readdir(folder, { recursive: true })),
  );
  await rm(unpacked, { recursive: true });
  const missing = all?.filter((file) => !packed?.includes(file)) ?? [];
  if (missing.length > 0) throw new Error(`Packing left out ${missing.join(', ')}`);
}
