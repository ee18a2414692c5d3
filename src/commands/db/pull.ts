import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { openEmbedded } from '../../database/embedded/index.js';
import { OperatorError } from '../../errors.js';
import { PROJECT_ROOT } from '../../project-root.js';
import { readAddress } from '../configuration.js';
import { readConfig } from '../read-config.js';
import { say } from './progress.js';

const EMPTY = 'datasource db {\n  provider = "postgresql"\n}\n';

/** What is used of `prisma/schema-engine/engine.mjs`, which the build puts into a file of its own. */
interface SchemaEngine {
  openSchemaEngine(
    url: string,
    files: [name: string, text: string][],
    onLog: () => void,
  ): Promise<((method: 'introspect', params: object) => Promise<Pulled>) & { close(): Promise<void> }>;
}

interface Pulled {
  schema: { files: { content: string }[] };
  warnings: string | null;
}

/**
 * Writes the Prisma schema of a database into a file. Of a schema that is there, names and `///` text stay.
 * @throws OperatorError if the database cannot be reached or the schema not be read; the file is unchanged then
 */
export async function pullSchema(file: string, name?: string): Promise<void> {
  const config = readConfig();
  const url = readAddress(config, name);
  const embedded =
    url === undefined ? await openEmbedded({ ...config.database.embedded, onProgress: say }) : undefined;
  try {
    await writePulledSchema(embedded?.url ?? url ?? '', path.resolve(file));
  } finally {
    await embedded?.close();
  }
}

/** As pullSchema, of a database's address. */
export async function writePulledSchema(url: string, target: string): Promise<void> {
  const before = await readSchema(target);
  const { schema, warnings } = await introspect(url, target, before);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, schema.files.map(({ content }) => content).join('\n'));
  if (warnings !== null) say(warnings.trim());
  say(`wrote ${target}`);
}

async function readSchema(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

async function introspect(url: string, file: string, content: string): Promise<Pulled> {
  const built = path.join(PROJECT_ROOT, 'dist', 'optional', 'schema-engine.cjs');
  const { openSchemaEngine } = createRequire(import.meta.url)(built) as SchemaEngine;
  const schema = { files: [{ path: file, content }] };
  const baseDirectoryPath = path.dirname(file);
  const options = { force: false, compositeTypeDepth: -1, namespaces: null };
  try {
    const engine = await openSchemaEngine(url, [[file, content]], () => {});
    try {
      return await engine('introspect', { schema, baseDirectoryPath, ...options });
    } finally {
      await engine.close();
    }
  } catch (error) {
    throw new OperatorError(`The schema was not pulled: ${(error as Error).message}`, { cause: error });
  }
}
