import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { eachAtOnce } from '../../each-at-once.js';

/** Made by scripts/bundle/empty-database.mjs: a line of JSON, and after it the files, one after the other. */
const ARCHIVE = new URL('empty-database.br', import.meta.url);

interface Contents {
  /** Each after the one that it is in. */
  folders: string[];
  files: [name: string, bytes: number][];
}

/** Writes the data folder of an empty database, as initdb leaves it. */
export async function unpackEmptyDatabase(to: string): Promise<void> {
  const archive = await promisify(brotliDecompress)(await readFile(ARCHIVE));
  const start = archive.indexOf('\n') + 1;
  const { folders, files } = JSON.parse(archive.toString('utf8', 0, start)) as Contents;
  await mkdir(to, { mode: 0o700 });
  for (const name of folders) await mkdir(path.join(to, name), { mode: 0o700 });
  let at = start;
  const contents = files.map(([name, bytes]) => [name, archive.subarray(at, (at += bytes))] as const);
  await eachAtOnce(contents, ([name, bytes]) => writeFile(path.join(to, name), bytes, { mode: 0o600 }));
}
