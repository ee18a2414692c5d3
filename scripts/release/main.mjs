#!/usr/bin/env node
// Makes a release of the version in package.json: checks that all is in step, builds what users install, and tags the
// commit. Pushing the tag has .github/workflows/release.yml publish it.
//   npm run release              does all of it, which takes some minutes
//   npm run release -- --check   says only whether versions, changelog and figures are in step
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILES, findMismatches } from './in-step.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What has to pass, and what a release is made of. */
const STEPS = [
  ['run', '--silent', 'check'],
  ['run', '--silent', 'docs', '--', '--check'],
  ['run', '--silent', 'conformance'],
  ['run', '--silent', 'package'],
  ['run', '--silent', 'bundle'],
];

const texts = Object.fromEntries(FILES.map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')]));
const { version } = JSON.parse(texts['package.json'] ?? '');
const tag = `v${version}`;

const problems = [...findMismatches(texts, new Date()), ...findUncommitted(), ...findTag()];
if (problems.length > 0) refuse(problems);
if (process.argv.includes('--check')) {
  console.log(`${version} is in step.`);
} else {
  for (const step of STEPS) {
    console.log(`\n== npm ${step.join(' ')}`);
    try {
      execFileSync('npm', step, { cwd: ROOT, stdio: 'inherit' });
    } catch {
      refuse([`npm ${step.join(' ')} failed.`]);
    }
  }
  // A step may have written files.
  const written = findUncommitted();
  if (written.length > 0) refuse(written);
  git('tag', '--annotate', tag, '--message', `Release ${version}`);
  console.log(`\nTagged ${tag}. To publish it: git push origin ${tag}`);
}

function findUncommitted() {
  const changes = git('status', '--porcelain');
  return changes ? [`There are changes that are not committed:\n${changes}`] : [];
}

function findTag() {
  return git('tag', '--list', tag) ? [`${tag} is released already: raise the version in package.json.`] : [];
}

/** @param {string[]} args */
function git(...args) {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trimEnd();
}

/** @param {string[]} reasons @returns {never} */
function refuse(reasons) {
  console.error(`${version} is not released:\n${reasons.map((reason) => `- ${reason}`).join('\n')}`);
  process.exit(1);
}
