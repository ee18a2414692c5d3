import path from 'node:path';
import type { Machine } from '../../settings/folders.js';
import type { Client, PlaceRule } from './clients.js';

export interface Place {
  file: string;
  /** The client is on the machine if this or the file is. */
  sign: string;
}

/** Where the client's file may be on this machine, the likeliest first. Looks at no file. */
export function listPlaces(client: Client, machine: Machine): Place[] {
  const { join, dirname } = machine.platform === 'win32' ? path.win32 : path.posix;
  const folders = folderOf(machine);
  return client.places.flatMap(({ from, file, sign }) => {
    const folder = folders[from];
    if (!folder) return [];
    const whole = join(folder, file);
    return [{ file: whole, sign: sign === undefined ? dirname(whole) : join(folder, sign) }];
  });
}

function folderOf({ platform, home, environment }: Machine): Record<PlaceRule['from'], string | undefined> {
  const { CLAUDE_CONFIG_DIR, CODEX_HOME, XDG_CONFIG_HOME, APPDATA, LOCALAPPDATA } = environment;
  const named = { home, CLAUDE_CONFIG_DIR, CODEX_HOME };
  if (platform === 'win32') {
    const roaming = APPDATA || path.win32.join(home, 'AppData', 'Roaming');
    const local = LOCALAPPDATA || path.win32.join(home, 'AppData', 'Local');
    return { ...named, applications: roaming, config: roaming, localApplications: local };
  }
  const config = path.posix.join(home, '.config');
  if (platform === 'darwin')
    return {
      ...named,
      applications: path.posix.join(home, 'Library', 'Application Support'),
      config,
      localApplications: undefined,
    };
  const own = XDG_CONFIG_HOME || config;
  return { ...named, applications: own, config: own, localApplications: undefined };
}
