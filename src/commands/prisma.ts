import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { OperatorError } from '../errors.js';
import { PROJECT_ROOT } from '../project-root.js';
import { workingFolder } from '../settings/folders.js';

/** The one whose migrations and schema engine these are. */
const MAJOR = '7';

/**
 * Runs Prisma's command line on the database of the staff directory, and ends as it does.
 * @throws OperatorError where it is not installed, or another one
 */
export async function runPrisma(args: string[]): Promise<void> {
  const config = path.join(PROJECT_ROOT, 'dist', 'optional', 'prisma.config.mjs');
  const child = spawn(process.execPath, [findPrisma(), ...args, '--config', config], { stdio: 'inherit' });
  // At a terminal it hears of Ctrl-C itself; this process waits for it to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}

/** The program of the project's, else of one that was installed beside Steward. @throws OperatorError */
function findPrisma(): string {
  const manifest = [workingFolder(), PROJECT_ROOT].map(resolveManifest).find((file) => file !== undefined);
  if (manifest === undefined)
    throw new OperatorError(
      `Prisma's command line is not installed here: npm install prisma@${MAJOR}. To migrate, steward db upgrade needs none.`,
    );
  const { version, bin } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    version: string;
    bin: { prisma: string };
  };
  if (version.split('.')[0] !== MAJOR)
    throw new OperatorError(
      `The Prisma that is installed here is ${version}, and the staff directory needs ${MAJOR}. In a folder of its own: npm install steward-mcp prisma@${MAJOR}`,
    );
  return path.join(path.dirname(manifest), bin.prisma);
}

function resolveManifest(folder: string): string | undefined {
  try {
    return createRequire(path.join(folder, 'package.json')).resolve('prisma/package.json');
  } catch {
    return undefined;
  }
}
