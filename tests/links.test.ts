import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { ROOT } from './support/command.mjs';

/** Pages that people read, from the root of the repository. */
const PAGES = (
  await Promise.all(
    ['docs', 'examples'].map(async (folder) =>
      (await readdir(path.join(ROOT, folder), { recursive: true })).map((file) => path.join(folder, file)),
    ),
  )
)
  .flat()
  .concat(await readdir(ROOT))
  .filter((file) => file.endsWith('.md'))
  .toSorted();

/** Without code, in which `#` and brackets are something else. */
async function readProse(page: string): Promise<string> {
  const text = await readFile(path.join(ROOT, page), 'utf8');
  return text.replaceAll(/^( *)```[^]*?^\1```/gm, '');
}

/** The names that GitHub gives to headings. */
async function anchorsOf(page: string): Promise<string[]> {
  const seen = new Map<string, number>();
  return [...(await readProse(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const name = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}-${before}`;
  });
}

async function linksOf(page: string): Promise<string[]> {
  const prose = (await readProse(page)).replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

async function isBroken(page: string, link: string): Promise<boolean> {
  if (/^[a-z]+:/.test(link)) return false;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(ROOT, target))) return true;
  return anchor !== undefined && !(await anchorsOf(target)).includes(anchor);
}

it('links of the documentation lead to files and headings that there are', async () => {
  const broken = PAGES.map(async (page) => {
    const links = await linksOf(page);
    const states = await Promise.all(links.map((link) => isBroken(page, link)));
    return links.filter((_, index) => states[index]).map((link) => `${page}: ${link}`);
  });
  expect((await Promise.all(broken)).flat()).toEqual([]);
});

it('docs/index.md leads to every page', async () => {
  const links = (await linksOf('docs/index.md')).map((link) => path.join('docs', link));
  const others = PAGES.filter((page) => !['README.md', 'CHANGELOG.md', 'docs/index.md'].includes(page));
  expect(links).toEqual(expect.arrayContaining(others));
});
