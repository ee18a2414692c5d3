import { createRequire } from 'node:module';
import path from 'node:path';
import { openEmbedded } from '../../database/embedded/index.js';
import { OperatorError } from '../../errors.js';
import { PROJECT_ROOT } from '../../project-root.js';
import { makeFolder, workingFolder } from '../../settings/folders.js';
import { commandName } from '../command-name.js';
import { readAddress } from '../configuration.js';
import { readConfig } from '../read-config.js';
import { readIfAny, writeWhole } from '../whole-file.js';
import { say } from './progress.js';

const EMPTY = 'datasource db {\n  provider = "postgresql"\n}\n';

/** What is used of `prisma/schema-engine/engine.mjs`, which the build puts into a file of its own. */
interface SchemaEngine {
  openSchemaEngine(
    url: string,
    files: [name: string, text: string][],
    onLog: () => void,
  ): Promise<OpenEngine>;
}

type OpenEngine = ((method: 'introspect', params: object) => Promise<Introspected>) & {
  /** The schema of the address, and others that hold tables. */
  listSchemas(): Promise<{ own: string; others: string[] }>;
  close(): Promise<void>;
};

interface Introspected {
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
  const before = readIfAny(target);
  if (before !== undefined && ADDRESS.test(before))
    throw new OperatorError(
      `${target} names the address of its database, as schemas did until Prisma 6, and this is Prisma 7. Pull with the Prisma of your project: npx prisma db pull`,
    );
  const { text, warnings } = await introspect(url, target, nameSchemas(before ?? EMPTY, url));
  try {
    makeFolder(path.dirname(target), 0o777);
  } catch (error) {
    throw new OperatorError(`${target} cannot be written: ${(error as Error).message}`, { cause: error });
  }
  writeWhole(target, text, before);
  warnings.forEach(say);
  say(`wrote ${target}`);
}

const ADDRESS = /^\s*(url|directUrl|shadowDatabaseUrl)\s*=/m;
const SCHEMAS = /^\s*schemas\s*=/m;

/** Prisma takes a file that names several schemas only if each block in it names its own. */
function nameSchemas(text: string, url: string): string {
  if (!SCHEMAS.test(text)) return text;
  const own = new URL(url).searchParams.get('schema') ?? 'public';
  return text.replace(/^(?:model|view|enum)\s+\w+\s*\{[^]*?^\}/gm, (block) =>
    block.includes('@@schema(') ? block : block.replace(/\}$/, `\n  @@schema(${JSON.stringify(own)})\n}`),
  );
}

async function introspect(
  url: string,
  file: string,
  content: string,
): Promise<{ text: string; warnings: string[] }> {
  const built = path.join(PROJECT_ROOT, 'dist', 'optional', 'schema-engine.cjs');
  const { openSchemaEngine } = createRequire(import.meta.url)(built) as SchemaEngine;
  const schema = { files: [{ path: file, content }] };
  const baseDirectoryPath = path.dirname(file);
  const options = { force: false, compositeTypeDepth: -1, namespaces: null };
  let engine: OpenEngine | undefined;
  try {
    engine = await openSchemaEngine(url, [[file, content]], () => {});
    const pulled = await engine('introspect', { schema, baseDirectoryPath, ...options });
    const text = pulled.schema.files.map((one) => one.content).join('\n');
    const leftOut = await describeLeftOut(engine, file, text);
    const warnings = [pulled.warnings?.trim(), leftOut].filter((one) => one !== undefined);
    return { text, warnings };
  } catch (error) {
    const reason = await explain(error as Error, engine);
    throw new OperatorError(`The schema was not pulled: ${reason}`, { cause: error });
  } finally {
    await engine?.close();
  }
}

/** What to do about tables that a pull does not look at: it keeps to one schema unless the file names several. */
async function describeLeftOut(engine: OpenEngine, file: string, text: string): Promise<string | undefined> {
  const { own, others } = await engine.listSchemas();
  if (others.length === 0 || SCHEMAS.test(text)) return undefined;
  const all = [own, ...others].map((name) => JSON.stringify(name));
  const command = commandName(workingFolder());
  return `Only the schema ${own} was read. There are tables in ${others.join(', ')}, too: to have them, write schemas = [${all.join(', ')}] into the datasource of ${file}, and pull again: ${command} db pull ${path.relative(workingFolder(), file)}`;
}

async function explain({ message }: Error, engine: OpenEngine | undefined): Promise<string> {
  if (/introspected database was empty/.test(message) && engine) {
    const { own, others } = await engine.listSchemas();
    const elsewhere =
      others.length === 0
        ? 'Is it the right database?'
        : `There are tables in ${others.join(', ')}. Name the schema in the address: ?schema=${encodeURIComponent(others[0] ?? '')}`;
    return `there is no table in the schema ${own} of this database. ${elsewhere}`;
  }
  return message;
}
