import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { OperatorError } from '../../errors.js';

/** Where a project keeps its Prisma schema, and the variable that holds its database's address. */
export interface FoundSchema {
  /** A file or a folder of files, absolute. */
  location: string;
  urlVariable: string;
}

const PRISMA_CONFIG = /^prisma\.config\.[cm]?[jt]s$/;
const USUAL_PLACES = ['prisma/schema.prisma', 'schema.prisma', 'prisma/schema', 'prisma'];
const DEFAULT_VARIABLE = 'DATABASE_URL';
const DEEPEST = 4;

/**
 * Finds a project's schema as Prisma does: where its configuration says, else at the usual places, else anywhere below.
 * Nothing of the project is run: of `prisma.config.ts`, literal texts are read.
 * @param given instead, relative to the folder
 * @throws OperatorError where the schema that is named is not there, and where there are several
 */
export function findSchema(folder: string, given?: string): FoundSchema | undefined {
  const config = readdirSync(folder).find((name) => PRISMA_CONFIG.test(name));
  const configText = config === undefined ? '' : readFileSync(path.join(folder, config), 'utf8');
  const named = given ?? readConfiguredPath(configText) ?? readManifestPath(folder);
  if (named !== undefined) {
    const location = path.resolve(folder, named);
    if (!holdsSchema(location))
      throw new OperatorError(`There is no Prisma schema at ${location}. Name it with --schema.`);
    return { location, urlVariable: findUrlVariable(configText, location) };
  }
  const places = USUAL_PLACES.map((place) => path.join(folder, place)).filter(holdsSchema);
  const [location, ...others] = places.length > 0 ? places.slice(0, 1) : searchBelow(folder, DEEPEST);
  if (location === undefined) return undefined;
  if (others.length > 0) {
    const all = [location, ...others].map((one) => `  ${path.relative(folder, one)}`);
    throw new OperatorError(`There are several Prisma schemas. Name one with --schema:\n${all.join('\n')}`);
  }
  return { location, urlVariable: findUrlVariable(configText, location) };
}

/** `schema: 'prisma/schema.prisma'`, also with the parts given to `path.join`. */
function readConfiguredPath(text: string): string | undefined {
  const expression = /^\s*schema\s*:\s*(["'`].*|(?:path\.)?(?:join|resolve)\(.*)$/m.exec(text)?.[1] ?? '';
  const isJoined = !/^["'`]/.test(expression);
  const written = isJoined ? (/\(([^)]*)\)/.exec(expression)?.[1] ?? '') : expression;
  const parts = [...written.matchAll(/(["'`])(.*?)\1/g)].map(([, , part = '']) => part);
  return parts.length > 0 ? path.join(...(isJoined ? parts : parts.slice(0, 1))) : undefined;
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

function holdsSchema(location: string): boolean {
  if (!existsSync(location)) return false;
  if (!statSync(location).isDirectory()) return true;
  return readdirSync(location).some((name) => name.endsWith('.prisma'));
}

/** The schemas of packages below, as in a monorepo. */
function searchBelow(folder: string, depth: number): string[] {
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .map(({ name }) => path.join(folder, name));
  return folders.flatMap((one) => {
    const here = path.join(one, 'schema.prisma');
    if (existsSync(here)) return [here];
    return depth > 1 ? searchBelow(one, depth - 1) : [];
  });
}

function findUrlVariable(configText: string, location: string): string {
  const files = statSync(location).isDirectory()
    ? readdirSync(location)
        .filter((name) => name.endsWith('.prisma'))
        .map((name) => path.join(location, name))
    : [location];
  const texts = [configText, ...files.map((file) => readFileSync(file, 'utf8'))];
  for (const text of texts) {
    const [, inQuotes, asProperty] =
      /^\s*url\s*[:=]\s*(?:env\(\s*["'](\w+)["']|process\.env(?:\.|\[["'])(\w+))/m.exec(text) ?? [];
    const name = inQuotes ?? asProperty;
    if (name !== undefined) return name;
  }
  return DEFAULT_VARIABLE;
}
