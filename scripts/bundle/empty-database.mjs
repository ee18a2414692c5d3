// The data folder of an empty database, packed: the embedded database unpacks it, where initdb would take several times
// as long. One line of JSON names its folders and files (src/database/embedded/host/empty-database.ts), and the contents
// of the files follow.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';

const PGLITE = path.dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite')));
/** All that decides what initdb writes. */
const MADE_OF = [
  fileURLToPath(import.meta.url),
  ...['pglite.wasm', 'pglite.data', 'initdb.wasm', 'index.js'].map((name) => path.join(PGLITE, name)),
];

const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_MAX_WINDOW_BITS } = constants;
// A tenth smaller takes five times as long.
const QUALITY = 9;

/**
 * Writes the archive. It takes some seconds to make, so it is kept for the PGlite that made it.
 * @param {string} file
 * @param {string} kept the folder to keep it in
 */
export async function packEmptyDatabase(file, kept) {
  const hash = createHash('sha256');
  for (const part of MADE_OF) hash.update(await readFile(part));
  const before = path.join(kept, `empty-database-${hash.digest('hex').slice(0, 16)}.br`);
  const archive = await readFile(before).catch(() => undefined);
  if (archive) return writeFile(file, archive);
  const made = await pack();
  await mkdir(kept, { recursive: true });
  await writeFile(before, made);
  return writeFile(file, made);
}

async function pack() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-empty-'));
  try {
    const database = await PGlite.create(folder);
    await database.close();
    const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).map((entry) => ({
      name: path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'),
      isFolder: entry.isDirectory(),
    }));
    const namesOf = (/** @type {boolean} */ folders) =>
      entries.flatMap(({ name, isFolder }) => (isFolder === folders ? [name] : [])).toSorted();
    const folders = namesOf(true);
    // Side by side, the tables that PostgreSQL's three template databases share pack better.
    const names = namesOf(false).toSorted((a, b) => path.basename(a).localeCompare(path.basename(b)));
    const contents = await Promise.all(names.map((name) => readFile(path.join(folder, name))));
    const files = contents.map(({ length }, index) => [names[index], length]);
    const all = Buffer.concat([Buffer.from(`${JSON.stringify({ folders, files })}\n`), ...contents]);
    const params = { [BROTLI_PARAM_QUALITY]: QUALITY, [BROTLI_PARAM_LGWIN]: BROTLI_MAX_WINDOW_BITS };
    return await promisify(brotliCompress)(all, { params });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
