import { existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { OperatorError } from '../errors.js';

/** The user's home; undefined for a user id without an entry in the system's list of users, as containers have. */
export function homeFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (environment['HOME']) return environment['HOME'];
  try {
    return os.homedir();
  } catch {
    return undefined;
  }
}

/** What decides where programs keep their files. */
export interface Machine {
  platform: NodeJS.Platform;
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** Undefined for a user without a home. */
export function thisMachine(): Machine | undefined {
  const own = homeFolder();
  return own === undefined ? undefined : { platform: process.platform, home: own, environment: process.env };
}

/**
 * The folder of a program's data or configuration, as each system has it.
 * @param setting names another one
 * @throws OperatorError where the user has no home
 */
export function userFolder(kind: 'data' | 'config', name: string, setting: string): string {
  const { XDG_DATA_HOME, XDG_CONFIG_HOME, LOCALAPPDATA, APPDATA } = process.env;
  const under = (own: string | undefined, ...usual: string[]) => own || path.join(home(setting), ...usual);
  const isData = kind === 'data';
  if (process.platform === 'darwin')
    return path.join(under(undefined, 'Library', isData ? 'Application Support' : 'Preferences'), name);
  if (process.platform === 'win32')
    return isData
      ? path.join(under(LOCALAPPDATA, 'AppData', 'Local'), name, 'Data')
      : path.join(under(APPDATA, 'AppData', 'Roaming'), name, 'Config');
  return path.join(
    isData ? under(XDG_DATA_HOME, '.local', 'share') : under(XDG_CONFIG_HOME, '.config'),
    name,
  );
}

function home(setting: string): string {
  const found = homeFolder();
  if (found !== undefined) return found;
  throw new OperatorError(`This user has no home folder. Set ${setting}, or HOME.`);
}

/** @throws OperatorError where it was deleted */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    throw new OperatorError('The working folder is no longer there. Start Steward in another one.');
  }
}

/**
 * Creates a folder, and those above it. Node's own way never ends where a folder exists but takes no others, as /proc.
 * @throws NodeJS.ErrnoException
 */
export function makeFolder(folder: string, mode: number): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
