// The licences of all that is bundled, as they ask for with every copy.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const APACHE = 'Apache-2.0';
/** Texts that no package brings, by the package that they are for. */
const BESIDE = {
  '@redis/client': 'redis-client.txt',
  // PGlite is PostgreSQL, and ships the licence of its own code alone. That of ICU is in its data.
  '@electric-sql/pglite': 'postgresql.txt',
};

/**
 * The name, version and licence of each package, with its text.
 * @param {string} root of the checkout
 * @param {string[]} inputs the files that were bundled, from the root
 * @throws {Error} for a package whose text is found nowhere
 */
export async function collectLicences(root, inputs) {
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? '');
  const packages = await Promise.all(
    [...new Set(folders)]
      .filter(Boolean)
      .toSorted()
      .map((folder) => readLicence(path.join(root, folder))),
  );
  const apache = packages.find(({ license, texts }) => license === APACHE && texts.length > 0);
  /** @type {Map<string, string>} */
  const under = new Map();
  const sections = packages.map(({ name, version, license, texts }) => {
    // A text without a line of its own for each package.
    const found = texts.length === 0 && license === APACHE && apache ? apache.texts.slice(0, 1) : texts;
    if (found.length === 0)
      throw new Error(
        `${name} brings no text of its licence (${license}): add one to scripts/bundle/licences/`,
      );
    const said = found.map((text) => {
      const earlier = under.get(text);
      if (!earlier) under.set(text, name);
      return earlier ? `The text is that of ${earlier}, above.` : text;
    });
    return [`== ${name} ${version} (${license})`, ...said].join('\n\n');
  });
  return sections.join('\n\n');
}

/** @param {string} folder of a package */
async function readLicence(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const files = await readdir(folder);
  const legal = files.filter((file) => /^(licen[cs]e|notice|copying)([-.]|$)/i.test(file)).toSorted();
  const texts = await Promise.all(legal.map((file) => readFile(path.join(folder, file), 'utf8')));
  const beside = BESIDE[/** @type {keyof typeof BESIDE} */ (name)];
  if (beside) texts.push(await readFile(new URL(`licences/${beside}`, import.meta.url), 'utf8'));
  if (texts.length === 0) texts.push(...(await readSection(folder, files)));
  return { name, version, license, texts: texts.map((text) => text.trim()) };
}

/** The permission in a package's README, where that is its only text. @param {string} folder @param {string[]} files */
async function readSection(folder, files) {
  const file = files.find((name) => /^readme(\.|$)/i.test(name));
  const text = file ? await readFile(path.join(folder, file), 'utf8') : '';
  const [, section] = /^#+ licen[cs]e\s*\n([^]*?)(?=\n#|$(?![^]))/im.exec(text) ?? [];
  return section && /Permission is hereby granted/.test(section) ? [section] : [];
}
