/**
 * Ownership of a data folder: at most one host may open it at any time.
 *
 * The folder holds files `lock.<n>`. The file of the highest n names the owner, as long as that process is alive. A host
 * takes over from a dead owner by creating `lock.<n+1>` with link(2). That fails if the name exists, so exactly one of
 * several hosts succeeds, and no file appears half-written. Two rules carry the proof:
 *
 * 1. The highest file is never removed. A host with an outdated listing may succeed in linking a name below the highest.
 *    It lists again afterwards, finds the higher file and withdraws.
 * 2. A higher name is linked only after the owner has died or released. So a host that finds its own file to be the
 *    highest stays the owner until it dies or calls `release`.
 *
 * A listing could miss the highest file only if takeovers removed and created files while it was read. So the last few
 * generations are kept, and a new owner tidies up only after its database is open.
 */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isAlive, type Owner } from './owner.js';

export interface Generation {
  number: number;
  file: string;
  /** Undefined if the file is unreadable: a power cut damaged it, and ended its writer. */
  owner: Owner | undefined;
}

/** A generation of this process. */
export type OwnGeneration = Generation & { owner: Owner };

const KEPT_GENERATIONS = 8;

/** Reads the highest generation; undefined in a folder that never had a host. */
export async function currentGeneration(dataDir: string): Promise<Generation | undefined> {
  for (;;) {
    const number = Math.max(...(await listGenerations(dataDir)), 0);
    if (number === 0) return undefined;
    const file = path.join(dataDir, `lock.${number}`);
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text !== undefined) return { number, file, owner: parse(text) };
  }
}

/**
 * Tries to become the owner of the folder.
 * @returns the generation won, or undefined if another host is alive
 */
export async function acquire(dataDir: string, self: Owner): Promise<OwnGeneration | undefined> {
  const temporary = await write(dataDir, self);
  try {
    for (;;) {
      const current = await currentGeneration(dataDir);
      if (current?.owner && (await isAlive(current.owner, dataDir))) return undefined;
      const number = (current?.number ?? 0) + 1;
      const file = path.join(dataDir, `lock.${number}`);
      if (!(await tryLink(temporary, file))) continue;
      if ((await currentGeneration(dataDir))?.number === number) return { number, file, owner: self };
      await unlink(file);
    }
  } finally {
    await unlink(temporary);
  }
}

/**
 * Lets the next host take over at once. Only the owner may call it, once its database is closed; for a thread that has
 * ended, its process.
 */
export async function release(dataDir: string, { file, owner }: OwnGeneration): Promise<void> {
  await rename(await write(dataDir, { ...owner, released: true }), file);
}

/** Removes the files of former hosts. Only the owner may call it. */
export async function tidyUp(dataDir: string, own: Generation): Promise<void> {
  for (const number of await listGenerations(dataDir)) {
    if (number <= own.number - KEPT_GENERATIONS)
      await unlink(path.join(dataDir, `lock.${number}`)).catch(() => {});
  }
}

async function listGenerations(dataDir: string): Promise<number[]> {
  return (await readdir(dataDir)).flatMap((name) => /^lock\.(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number);
}

async function write(dataDir: string, owner: Owner): Promise<string> {
  const file = path.join(dataDir, `lock.tmp-${randomUUID()}`);
  await writeFile(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600, flush: true });
  return file;
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function parse(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner>;
    return owner.process && owner.control && owner.folder ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}
