import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { ownIdentity, PROTOCOL } from './folder/owner.js';
import { acquire, currentGeneration, type OwnGeneration } from './folder/ownership.js';
import { LARGEST_PORT, socketFolder, socketPath } from './folder/socket-folder.js';
import { WireServer } from './wire/wire-server.js';

/** Ownership of a data folder by this process or thread, until it releases the folder or dies. */
export interface Ownership {
  generation: OwnGeneration;
  /** Already listens, on its own path: other hosts take an owner that does not listen for dead. */
  server: WireServer;
}

/**
 * Makes this process the owner of a data folder, or this thread of it.
 * @returns undefined if there is another owner
 */
export async function takeOwnership(dataDir: string, thread?: string): Promise<Ownership | undefined> {
  const server = new WireServer();
  const previous = (await currentGeneration(dataDir))?.owner;
  const folder = await socketFolder(dataDir, previous?.folder);
  const control = socketPath(folder, randomInt(10_000, LARGEST_PORT));
  await server.listen(control);
  const self = { protocol: PROTOCOL, process: await ownIdentity(), thread, folder, control };
  const generation = await acquire(dataDir, self);
  if (!generation) {
    await server.close();
    return undefined;
  }
  if (previous) await rm(previous.control, { force: true });
  return { generation, server };
}
