import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { ControlServer } from '../control/control-server.js';
import { CONTROL_PROTOCOL } from '../control/messages.js';
import { acquire, currentGeneration, type Generation } from '../folder/ownership.js';
import { ownIdentity } from '../folder/process-identity.js';
import { socketFolder } from '../folder/socket-folder.js';

/** A data folder that is this process's, until it releases it or dies. */
export interface Ownership {
  generation: Generation;
  /** Listens already: to others, an owner that does not is dead. */
  control: ControlServer;
}

/**
 * Makes this process the owner of a data folder, if no other is.
 * @param onCount told how many others wait for the database, whenever that changes
 */
export async function takeOwnership(
  dataDir: string,
  onCount: (leases: number) => void,
): Promise<Ownership | undefined> {
  const control = new ControlServer(onCount);
  const previous = (await currentGeneration(dataDir))?.owner;
  const folder = await socketFolder(dataDir, previous?.folder);
  const controlPath = path.join(folder, `c${randomBytes(4).toString('hex')}`);
  await control.listen(controlPath);
  const self = { protocol: CONTROL_PROTOCOL, process: await ownIdentity(), folder, control: controlPath };
  const generation = await acquire(dataDir, self);
  if (!generation) {
    await control.close();
    return undefined;
  }
  if (previous) await rm(previous.control, { force: true });
  return { generation, control };
}
