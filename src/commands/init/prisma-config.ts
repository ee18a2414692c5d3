import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What a `prisma.config.ts` says, as far as its text tells. Nothing of the project is run. */
export interface PrismaConfig {
  /** Absolute. */
  schema: string | undefined;
  urlVariable: string | undefined;
}

/** The places where Prisma looks for its configuration. */
const PLACES: [folder: string, name: RegExp][] = [
  ['.', /^prisma\.config\.[cm]?[jt]s$/],
  ['.config', /^prisma\.[cm]?[jt]s$/],
];

const TEXT_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\/[^\n]*|\/\*[^]*?\*\//g;

/** Reads the configuration of a project, the paths in it from where it stands. */
export function readPrismaConfig(project: string): PrismaConfig | undefined {
  for (const [place, pattern] of PLACES) {
    const folder = path.join(project, place);
    const name = existsSync(folder) ? readdirSync(folder).find((one) => pattern.test(one)) : undefined;
    if (name === undefined) continue;
    const text = withoutComments(readFileSync(path.join(folder, name), 'utf8'));
    const schema = readSchemaPath(text);
    return { schema: schema && path.resolve(folder, schema), urlVariable: findUrlVariable(text) };
  }
  return undefined;
}

/** The variable that `url` is read from, in `prisma.config.ts` or a schema. @param text without comments */
export function findUrlVariable(text: string): string | undefined {
  const [, inQuotes, asProperty] =
    /(?:^|[\s{,])url\s*[:=]\s*(?:env(?:<\w+>)?\(\s*["'](\w+)["']|process\.env(?:\.|\[["'])(\w+))/.exec(
      text,
    ) ?? [];
  return inQuotes ?? asProperty;
}

/** Texts stay: an address has slashes, too. */
export function withoutComments(text: string): string {
  return text.replace(TEXT_OR_COMMENT, (found) => (found.startsWith('/') ? '' : found));
}

/** `schema: 'prisma/schema.prisma'`, also with the parts given to `path.join`. */
function readSchemaPath(text: string): string | undefined {
  const [, plain, joined] =
    /(?:^|[\s{,])schema\s*:\s*(?:(["'`].*)|(?:path\.)?(?:join|resolve)\(((?:[^()]|\([^()]*\))*)\))/.exec(
      text,
    ) ?? [];
  const parts = [...(plain ?? joined ?? '').matchAll(/(["'`])(.*?)\1/g)].map(([, , part = '']) => part);
  return parts.length > 0 ? path.join(...(plain === undefined ? parts : parts.slice(0, 1))) : undefined;
}
