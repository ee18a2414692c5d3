import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.js';

/** Whose it is stands in its name, so that there is none of which that is not known. */
const WORKSHOP = /^backup-([\w-]+)$/;

/** Makes the folder in which this process prepares a backup, for this user alone; beside the database, which it will be a copy of. */
export async function makeWorkshop(dataDir: string): Promise<string> {
  const identity = Buffer.from(JSON.stringify(await ownIdentity())).toString('base64url');
  const folder = path.join(dataDir, `backup-${identity}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Removes what backups that were killed have left; those of another container, which may be alive, stay. */
export async function sweepWorkshops(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const owner = ownerOf(name);
    if (owner && (await isRunning(owner)) === 'no')
      await rm(path.join(dataDir, name), { recursive: true, force: true });
  }
}

function ownerOf(name: string): ProcessIdentity | undefined {
  const [, encoded] = WORKSHOP.exec(name) ?? [];
  if (encoded === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString()) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
