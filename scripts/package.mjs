#!/usr/bin/env node
// Makes build/package/steward-mcp-<version>.tgz of dist/: what `npm install` brings to those who use Steward. Its manifest
// names no package that it depends on, and no script.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = path.join(ROOT, 'build', 'package');
const CONTENTS = path.join(FOLDER, 'contents');

// For those who serve tools of their own, and for `steward prisma`. Any version: npm would refuse to install Steward in a
// project that has another one for itself. What needs one of them says which.
const PEERS = {
  peerDependencies: { prisma: '*', zod: '*' },
  peerDependenciesMeta: { prisma: { optional: true }, zod: { optional: true } },
};

// npm compares it with where a release is published from, for its provenance.
const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
const repository = GITHUB_REPOSITORY && {
  type: 'git',
  url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`,
};

const { name, version, description, keywords, mcpName, license, type, engines, exports, bin, files } =
  JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
const manifest = {
  name,
  version,
  description,
  keywords,
  mcpName,
  license,
  repository,
  type,
  engines,
  exports,
  bin,
  files,
  ...PEERS,
};

// Tarballs of other versions would be taken for this one's.
await rm(FOLDER, { recursive: true, force: true });
await mkdir(CONTENTS, { recursive: true });
for (const one of [...files, 'README.md', 'LICENSE'])
  await cp(path.join(ROOT, one), path.join(CONTENTS, one), { recursive: true });
await writeFile(path.join(CONTENTS, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', FOLDER], {
  cwd: CONTENTS,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [{ filename, size, unpackedSize }] = JSON.parse(packed);
const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
console.log(
  `${path.relative(ROOT, path.join(FOLDER, filename))}: ${megabytes(size)}, unpacked ${megabytes(unpackedSize)}`,
);
