import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { OperatorError } from '../../errors.js';
import { findUrlVariable, readPrismaConfig, withoutComments } from './prisma-config.js';

/** Where a project keeps its Prisma schema, and the variable that holds its database's address. */
export interface FoundSchema {
  /** A file or a folder of files, absolute. */
  location: string;
  urlVariable: string;
}

const USUAL_PLACES = ['prisma/schema.prisma', 'schema.prisma', 'prisma/schema', 'prisma'];
const DEFAULT_VARIABLE = 'DATABASE_URL';
const DEEPEST = 4;

/**
 * Finds a project's schema as Prisma does: where its configuration says, else at the usual places, else at those of a
 * folder below. Nothing of the project is run: of `prisma.config.ts`, literal texts are read.
 * @param given instead, relative to the folder
 * @throws OperatorError where the schema that is named is not there, where there are several, and for a file that cannot
 * be read
 */
export function findSchema(folder: string, given?: string): FoundSchema | undefined {
  try {
    const config = readPrismaConfig(folder);
    const named = given ?? config?.schema ?? readManifestPath(folder);
    const location = named === undefined ? search(folder) : path.resolve(folder, named);
    if (location === undefined) return undefined;
    if (listFiles(location).length === 0)
      throw new OperatorError(`There is no Prisma schema at ${location}. Name it with --schema.`);
    const urlVariable = config?.urlVariable ?? readUrlVariable(location) ?? DEFAULT_VARIABLE;
    return { location, urlVariable };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`The Prisma schema cannot be looked for: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function readManifestPath(folder: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const { prisma } = manifest as { prisma?: { schema?: unknown } };
    return typeof prisma?.schema === 'string' ? prisma.schema : undefined;
  } catch {
    // Without a manifest, or with a broken one, the usual places are looked at.
    return undefined;
  }
}

/** @throws OperatorError where there are several */
function search(folder: string): string | undefined {
  const here = findAt(folder);
  const [location, ...others] = here === undefined ? searchBelow(folder, DEEPEST) : [here];
  if (others.length === 0) return location;
  const all = [location ?? '', ...others].map((one) => `  ${path.relative(folder, one)}`);
  throw new OperatorError(`There are several Prisma schemas. Name one with --schema:\n${all.join('\n')}`);
}

/** At the usual places of a folder. A schema.prisma without a model is one of several files. */
function findAt(folder: string): string | undefined {
  const found = USUAL_PLACES.map((place) => path.join(folder, place)).find(
    (place) => listFiles(place).length > 0,
  );
  if (found !== path.join(folder, 'prisma', 'schema.prisma')) return found;
  const isAlone = /^\s*(model|view)\s/m.test(withoutComments(readFileSync(found, 'utf8')));
  return isAlone || listFiles(path.dirname(found)).length === 1 ? found : path.dirname(found);
}

/** The schemas of packages below, as in a monorepo. A folder that may not be read is passed over. */
function searchBelow(folder: string, depth: number): string[] {
  return listFolders(folder).flatMap((one) => {
    const here = findIfOpen(one);
    if (here !== undefined) return [here];
    return depth > 1 ? searchBelow(one, depth - 1) : [];
  });
}

function findIfOpen(folder: string): string | undefined {
  try {
    return findAt(folder);
  } catch (error) {
    if (isClosed(error)) return undefined;
    throw error;
  }
}

function listFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
      .map(({ name }) => path.join(folder, name));
  } catch (error) {
    if (isClosed(error)) return [];
    throw error;
  }
}

/** Folders of other users, and those that macOS keeps to itself. */
function isClosed(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** The file itself, or those of the folder and of its folders. */
function listFiles(location: string): string[] {
  if (!existsSync(location)) return [];
  if (!statSync(location).isDirectory()) return [location];
  return readdirSync(location, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.prisma'))
    .map((name) => path.join(location, name));
}

function readUrlVariable(location: string): string | undefined {
  const texts = listFiles(location).map((file) => withoutComments(readFileSync(file, 'utf8')));
  return texts.map(findUrlVariable).find((name) => name !== undefined);
}
