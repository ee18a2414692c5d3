import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { BackupError } from '../errors.js';

const DEBIAN = '/usr/lib/postgresql';

export type Program = 'pg_dump' | 'pg_restore' | 'psql';

/** PostgreSQL's programs of one folder, all of one version; the empty folder stands for the PATH. */
export class Programs {
  private constructor(private readonly folder: string) {}

  /**
   * Those of the server's own version; where there are none, the first that are newer: an older pg_dump refuses to read it.
   * @param major the server's major version
   * @param only the folder to look in; without it: the PATH, what pg_config names, and where Debian keeps them
   * @throws BackupError naming those that were found
   */
  static async find(major: number, needed: Program[], only: string | undefined): Promise<Programs> {
    const tooOld: string[] = [];
    let newer: Programs | undefined;
    for (const folder of only === undefined ? await candidates() : [only]) {
      const programs = new Programs(folder);
      const versions = await Promise.all(needed.map((program) => programs.#version(program)));
      if (versions.every((version) => version === major)) return programs;
      if (versions.every((version) => version >= major)) newer ??= programs;
      const oldest = Math.min(...versions);
      if (oldest > 0) tooOld.push(`${folder === '' ? 'the PATH' : folder} has those of PostgreSQL ${oldest}`);
    }
    if (newer) return newer;
    const found = tooOld.length > 0 ? tooOld.join(', ') : `none were found${only ? ` in ${only}` : ''}`;
    throw new BackupError(
      `The server is PostgreSQL ${major}, and this needs ${needed.join(' and ')} of version ${major} or newer; ${found}. ` +
        `Install PostgreSQL's client programs (on Debian: postgresql-client-${major}), or set POSTGRES_BIN_DIR to their folder.`,
    );
  }

  path(program: Program): string {
    return path.join(this.folder, program);
  }

  /** Its major version; 0 where it is not there or cannot be run. */
  async #version(program: Program): Promise<number> {
    const told = await promisify(execFile)(this.path(program), ['--version']).catch(() => undefined);
    return Number(/\(PostgreSQL\) (\d+)/.exec(told?.stdout ?? '')?.[1] ?? 0);
  }
}

async function candidates(): Promise<string[]> {
  const configured = await promisify(execFile)('pg_config', ['--bindir']).catch(() => undefined);
  const versions = await readdir(DEBIAN).catch(() => []);
  return [
    '',
    ...(configured ? [configured.stdout.trim()] : []),
    ...versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => path.join(DEBIAN, version, 'bin')),
  ];
}
