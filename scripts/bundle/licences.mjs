import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const LEGAL = /^(licen[cs]e|notice|copying)(\.|$)/i;

/**
 * Writes down the licence of each package whose code went into a bundle, as the licences ask for with every copy.
 * @param {string} root
 * @param {string[]} inputs the files that were bundled, from the root
 * @param {string} file where to
 */
export async function writeLicences(root, inputs, file) {
  const folders = new Set(
    inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? ''),
  );
  const texts = [];
  for (const folder of [...folders].filter(Boolean).toSorted())
    texts.push(await licenceOf(path.join(root, folder)));
  await writeFile(file, texts.join('\n\n'));
}

/** @param {string} folder of a package */
async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((entry) => LEGAL.test(entry)).toSorted();
  const texts = await Promise.all(files.map((entry) => readFile(path.join(folder, entry), 'utf8')));
  return [`== ${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
}
