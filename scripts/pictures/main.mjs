#!/usr/bin/env node
// Makes the pictures in docs/pictures/ of the running program:
//   npm run docs:pictures             all
//   npm run docs:pictures -- demo     one, or several
// Charts and Studio are seen by the Chromium of this machine. A test says when demo.svg is out of date.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ROOT, steward } from '../../tests/support/command.mjs';
import { photographChart } from './chart.mjs';
import { drawDemo } from './demo.mjs';
import { photographStudio } from './studio.mjs';

/** How each is made, by the name of its file. @type {Record<string, () => Promise<string | Uint8Array>>} */
const PICTURES = {
  'demo.svg': async () => drawDemo((await steward(['demo'], { FORCE_COLOR: '1' })).stdout),
  'chart.png': photographChart,
  'studio.png': photographStudio,
};
const LARGEST_BYTES = 150_000;
const FOLDER = path.join(ROOT, 'docs', 'pictures');

const wanted = process.argv.slice(2);
const chosen = Object.entries(PICTURES).filter(
  ([file]) => wanted.length === 0 || wanted.includes(path.parse(file).name),
);
if (chosen.length < wanted.length) {
  console.error(`There are ${Object.keys(PICTURES).join(', ')}.`);
  process.exit(2);
}
await mkdir(FOLDER, { recursive: true });
for (const [file, make] of chosen) {
  const picture = Buffer.from(await make());
  if (picture.length > LARGEST_BYTES) throw new Error(`${file} is too large: ${picture.length} bytes`);
  await writeFile(path.join(FOLDER, file), picture);
  console.log(`docs/pictures/${file}: ${Math.round(picture.length / 1000)} kB`);
}
