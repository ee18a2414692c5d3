import { existsSync } from 'node:fs';
import { suggest } from '../../capability/nearest.js';
import { OperatorError } from '../../errors.js';
import { thisMachine, workingFolder } from '../../settings/folders.js';
import { findConfigurationPath, readReferences } from '../../settings/sources.js';
import { canAsk, choose } from '../choose.js';
import { makeClientEntry } from '../client-entry.js';
import { commandName } from '../command-name.js';
import { print } from '../print.js';
import { describeUnkept } from '../unkept-variables.js';
import { findClient, readChange, writeChange, type FoundClient } from './client-file.js';
import { CLIENTS } from './clients.js';
import type { Wish } from './change.js';
import { Problem } from './problem.js';

export interface SetupOptions {
  /** Of the server in the client. */
  name: string;
  remove?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

interface Planned {
  client: FoundClient;
  difference: string[];
}

const UNWRITTEN = 'No client was changed.';

/**
 * Adds Steward to the clients on this machine, or takes it out: shows what would change in the file of each, asks, and
 * writes. A client whose file cannot be used is told of and left out; the exit code is 1 then.
 * @param ids those clients alone
 * @param configuration to serve, by a caller who has told what a client would not know of it; else it is looked for
 * @throws OperatorError; no client has been changed then
 */
export async function setup(
  ids: readonly string[],
  options: SetupOptions,
  configuration?: string,
): Promise<void> {
  if (!/^[\w-]+$/.test(options.name))
    throw new OperatorError('--name takes letters, digits, _ and -, as clients do.');
  const found = findClients(ids);
  const served = options.remove ? undefined : (configuration ?? findServed());
  const unkept = served === undefined || served === configuration ? undefined : describeUnkept(served);
  const entry = options.remove ? undefined : makeClientEntry(served);
  const wish: Wish = { name: options.name, entry };
  if (entry) print(`Serves ${served === undefined ? 'the staff directory' : `what ${served} says`}.`);
  const planned = found.flatMap((client) => plan(client, wish));
  const changed = planned.filter(({ difference }) => difference.length > 0);
  const chosen = changed.length === 0 ? [] : await decide(changed, options);
  if (chosen.length === 0) return;
  print('');
  for (const one of chosen) write(one, wish);
  if (entry) {
    print('\nA client that runs has to be started again.');
    if (unkept !== undefined) print(unkept);
  }
}

/** Whether there is any client to add Steward to. */
export function hasClients(): boolean {
  return listFound().length > 0;
}

/** @throws OperatorError naming one that is unknown or not there, and where there is none */
function findClients(ids: readonly string[]): FoundClient[] {
  const known = CLIENTS.map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new OperatorError(
      `There is no client '${unknown}'.${suggest(unknown, known)} Clients: ${known.join(', ')}.`,
    );
  const found = listFound();
  const missing = CLIENTS.filter(({ id }) => ids.includes(id) && !found.some((one) => one.id === id));
  if (missing.length > 0)
    throw new OperatorError(
      `Not found on this machine: ${missing.map(({ name }) => name).join(', ')}. Start it once, and run this again.`,
    );
  if (found.length > 0) return found.filter(({ id }) => ids.length === 0 || ids.includes(id));
  throw new OperatorError(
    `No client was found on this machine, of ${CLIENTS.map(({ name }) => name).join(', ')}.`,
  );
}

function listFound(): FoundClient[] {
  const machine = thisMachine();
  if (!machine) return [];
  return CLIENTS.flatMap((client) => findClient(client, machine) ?? []);
}

/**
 * The configuration to serve; undefined, the staff directory. No address of a database goes into a client's file: it may
 * hold a password, and others may read that file.
 */
function findServed(): string | undefined {
  const folder = workingFolder();
  const file = findConfigurationPath(folder);
  if (existsSync(file)) return file;
  if (file !== findConfigurationPath(folder, {})) throw new OperatorError(`There is no ${file}.`);
  const references = readReferences(folder);
  const variable = ['DATABASE_URL', 'DB_NAME'].find((name) => Object.hasOwn(references, name));
  if (variable === undefined) return undefined;
  throw new OperatorError(
    `${variable} is set, but a client would start Steward without it, and no address is written into a client's file, since it may hold a password. To serve a database through its Prisma schema: ${commandName(folder)} init. To serve the staff directory from it, make a ${file} of {"directory": {"url": "env:DATABASE_URL"}} and put the address into .env beside it.`,
  );
}

/** @returns what would change; nothing for a file that cannot be used */
function plan(client: FoundClient, wish: Wish): Planned[] {
  return attempt(client, () => {
    const { difference } = readChange(client, wish);
    if (difference.length === 0) print(`\n${client.name}: nothing to change in ${client.file}`);
    else print([`\n${client.name}: ${client.file}`, ...difference.map((line) => `  ${line}`)].join('\n'));
    return [{ client, difference }];
  });
}

async function decide(
  changed: readonly Planned[],
  { dryRun, yes, remove }: SetupOptions,
): Promise<Planned[]> {
  if (dryRun) print('\nNothing was written, because of --dry-run.');
  else if (yes) return [...changed];
  else if (canAsk()) {
    const names = await choose(
      remove
        ? 'Take Steward out of which clients? (space changes one)'
        : 'Add Steward to which clients? (space changes one)',
      changed.map(({ client }) => ({ name: client.name, chosen: true })),
      UNWRITTEN,
    );
    if (names.length === 0) print(UNWRITTEN);
    return changed.filter(({ client }) => names.includes(client.name));
  } else print('\nNothing was written. To write it: --yes.');
  return [];
}

function write({ client, difference }: Planned, wish: Wish): void {
  attempt(client, () => {
    const copy = writeChange(client, wish, difference);
    print(`${client.name}: written.${copy === undefined ? '' : ` The file as it was: ${copy}`}`);
    return [];
  });
}

/** Tells of a problem of one client, so that the others are still done. */
function attempt<Result>(client: FoundClient, work: () => Result[]): Result[] {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(
      `${client.name}: ${error.code}: ${client.file}: ${error.message}. This file was left as it is.\n`,
    );
    process.exitCode = 1;
    return [];
  }
}
