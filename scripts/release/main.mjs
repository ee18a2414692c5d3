#!/usr/bin/env node
// Makes a release of the version in package.json: checks that all is in step, builds what users install, and tags the
// commit. Pushing the tag has .github/workflows/release.yml publish it.
//   npm run release              does all of it, which takes most of an hour
//   npm run release -- --check   says only whether versions, changelog and figures are in step
import { execFileSync, execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILES, findMismatches } from './in-step.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What has to pass, conformance and generated docs among it, and what a release is made of. */
const STEPS = ['bash .ci/run', 'npm run --silent package', 'npm run --silent bundle'];

const commit = git('rev-parse', 'HEAD');
const texts = Object.fromEntries(FILES.map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')]));
const { version } = JSON.parse(texts['package.json'] ?? '');
const tag = `v${version}`;

const problems = [...findMismatches(texts, new Date()), ...findUncommitted(), ...findTag()];
if (problems.length > 0) refuse(problems);
if (process.argv.includes('--check')) {
  console.log(`${version} is in step.`);
} else {
  for (const step of STEPS) {
    console.log(`\n== ${step}`);
    try {
      execSync(step, { cwd: ROOT, stdio: 'inherit' });
    } catch {
      refuse([`${step} failed.`]);
    }
  }
  // A step may have written files, and somebody may have committed.
  const written = findUncommitted();
  if (written.length > 0) refuse(written);
  if (git('rev-parse', 'HEAD') !== commit)
    refuse(['Another commit is checked out than the one that was tried.']);
  git('tag', '--annotate', tag, '--message', `Release ${version}`, commit);
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
