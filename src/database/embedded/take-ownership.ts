import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { PROTOCOL } from './folder/owner.js';
import { acquire, currentGeneration, type OwnGeneration } from './folder/ownership.js';
import { ownIdentity } from './folder/process-identity.js';
import { LARGEST_PORT, socketFolder, socketPath } from './folder/socket-folder.js';
import { WireServer } from './wire/wire-server.js';

/** A data folder that is this process's, until it releases it or dies. */
export interface Ownership {
  generation: OwnGeneration;
  /** Listens already, on a path of its own: to others, an owner that does not is dead. */
  server: WireServer;
}

/** Makes this process the owner of a data folder; undefined if another is. */
export async function takeOwnership(dataDir: string): Promise<Ownership | undefined> {
  const server = new WireServer();
  const previous = (await currentGeneration(dataDir))?.owner;
  const folder = await socketFolder(dataDir, previous?.folder);
  const control = socketPath(folder, randomInt(10_000, LARGEST_PORT));
  await server.listen(control);
  const self = { protocol: PROTOCOL, process: await ownIdentity(), folder, control };
  const generation = await acquire(dataDir, self);
  if (!generation) {
    await server.close();
    return undefined;
  }
  if (previous) await rm(previous.control, { force: true });
  return { generation, server };
}
