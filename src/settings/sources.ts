import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse as parseWithPlaces } from '@humanwhocodes/momoa';
import dotenv from 'dotenv';
import { z } from 'zod';
import { OperatorError } from '../errors.js';
import { parseWithTextNumbers } from '../exact-json.js';
import { describeIssue } from './describe-issue.js';
import { workingFolder } from './folders.js';
import { PROJECT_ROOT } from '../project-root.js';

const FILE_NAME = 'steward.config.json';

/** What else the file holds is for those who serve from it. */
const CONFIGURATION_FILE = z.looseObject({
  $schema: z.string().optional(),
  /** By the name of the environment variable that would say the same. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

/** Settings as they were found. */
export interface Found {
  /** As text, by variable. */
  variables: Record<string, string>;
  /** The files that they were read from. */
  files: string[];
  /** The variables that the configuration file names. */
  named: string[];
  /** The configuration file; absent if there is none. */
  file: ConfigurationFile | undefined;
}

export interface ConfigurationFile {
  path: string;
  /** All of it but its settings. */
  content: Record<string, unknown>;
  /** What `env:NAME` in it refers to: the environment, Steward's own `.env` files, then `.env`. */
  references: Readonly<Record<string, string>>;
}

/** What Claude Desktop passes on of a field of a bundle that was left blank: the words of the manifest. */
const BLANK_FIELD = /^\$\{user_config\.\w+\}$/;

/** These choose the files, so no file can hold them. */
export const CHOOSING = ['NODE_ENV', 'STEWARD_CONFIG'];

/**
 * The settings as text, from all of their sources, strongest first: the environment (flags are part of it by now),
 * `.env.local` (not in tests), `.env.<NODE_ENV>`, the configuration file. The two files stand beside the configuration
 * file where there is one, else in the working folder; of a checkout, it is the checkout that counts.
 * Empty values count as absent, as they do in a shell's `${VAR:-default}`; so do fields that were left blank (BLANK_FIELD).
 * @throws OperatorError for a configuration file that is missing or cannot be read, and a file that would choose files
 */
export function readSources(environment: NodeJS.ProcessEnv): Found {
  const real = withoutEmpty(environment);
  const folderOfCaller = workingFolder();
  const home = isCheckout() ? PROJECT_ROOT : folderOfCaller;
  const file = findConfigurationFile(real['STEWARD_CONFIG'], home);
  const folder = file === undefined ? home : path.dirname(file);
  const name = real['NODE_ENV'] ?? 'development';
  const envFiles = listEnvFiles(folder, name);
  const fromEnvFiles = readEnvFiles(envFiles);
  const { settings: fromFile, ...content } =
    file === undefined ? { settings: {} } : readConfigurationFile(file);
  const fromFiles = withoutEmpty({ ...fromFile, ...withoutEmpty(fromEnvFiles) });
  const choosing = CHOOSING.find((variable) => variable in fromFiles);
  if (choosing !== undefined) {
    throw new OperatorError(
      `${choosing} stands in a file, and chooses which files are read. Set it in the environment or as a flag.`,
    );
  }
  return {
    variables: { ...fromFiles, ...real },
    files: [...(file === undefined ? [] : [file]), ...envFiles],
    named: Object.keys(fromFile),
    file:
      file === undefined
        ? undefined
        : {
            path: file,
            content,
            // The application's own .env may hold anything, so it sets nothing of Steward's.
            references: readReferences(folder, environment),
          },
  };
}

/** The file that is named by flag or environment, else that of the folder, whether it is there or not. */
export function findConfigurationPath(folder: string, environment: NodeJS.ProcessEnv = process.env): string {
  return path.resolve(folder, withoutEmpty(environment)['STEWARD_CONFIG'] ?? FILE_NAME);
}

/** What `env:NAME` in a configuration of this folder would refer to. */
export function readReferences(
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  const real = withoutEmpty(environment);
  return { ...readKeptReferences(folder, real), ...real };
}

/** As readReferences, without what only the environment says: another program may start Steward in another one. */
export function readKeptReferences(
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  const name = environment['NODE_ENV'] || 'development';
  const [own, plain] = [listEnvFiles(folder, name), path.join(folder, '.env')];
  return { ...withoutEmpty(readEnvFiles([plain])), ...withoutEmpty(readEnvFiles(own)) };
}

/** All that a configuration file holds, as it stands there. @throws OperatorError */
export function readConfigurationContent(file: string): Record<string, unknown> {
  if (!existsSync(file)) throw new OperatorError(`There is no ${file}. To make one: steward init`);
  return readJson(file) as Record<string, unknown>;
}

/** Steward's own files of a folder that are there, the strongest first. */
function listEnvFiles(folder: string, name: string): string[] {
  return (name === 'test' ? [] : ['.env.local'])
    .concat(`.env.${path.basename(name)}`)
    .map((one) => path.join(folder, one))
    .filter((one) => existsSync(one));
}

/** The variables of these files, those of the first strongest. */
function readEnvFiles(files: string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  dotenv.config({ path: files, processEnv: variables, quiet: true });
  return variables;
}

/** Sets a variable of this process's environment. To be called before settings are read. */
export function overrideVariable(name: string, value: string): void {
  process.env[name] = value;
}

/** As overrideVariable, where the environment says nothing of it. */
export function proposeVariable(name: string, value: string): void {
  process.env[name] ||= value;
}

/** An installed package comes without its sources, and its own folder is not the user's. */
function isCheckout(): boolean {
  return existsSync(path.join(PROJECT_ROOT, 'src', 'main.ts'));
}

function findConfigurationFile(given: string | undefined, home: string): string | undefined {
  if (given !== undefined) return path.resolve(given);
  const file = path.join(home, FILE_NAME);
  return existsSync(file) ? file : undefined;
}

function readConfigurationFile(file: string) {
  const parsed = CONFIGURATION_FILE.safeParse(readJson(file));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) =>
      `  - ${issue.path.join('.')} ${describeIssue(issue)}`.replace('-  ', '- it '),
    );
    throw new OperatorError(`The configuration file ${file} cannot be used:\n${problems.join('\n')}`);
  }
  const { settings, $schema: _, ...content } = parsed.data;
  const texts = Object.entries(settings).map(([name, value]) => [name, String(value)] as const);
  return { settings: Object.fromEntries(texts), ...content };
}

/** The words of JSON.parse repeat what stands around a mistake, which may be a password. */
function readJson(file: string): unknown {
  let text = '';
  try {
    // Of a device there is no end.
    if (!statSync(file).isFile()) throw new Error('it is no file');
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    JSON.parse(text);
    assertDistinctKeys(text, file);
    // A number that JavaScript would round could name another row, or another tenant.
    return parseWithTextNumbers(text);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    const reason =
      error instanceof SyntaxError ? `it is not valid JSON${findMistake(text)}` : (error as Error).message;
    throw new OperatorError(`The configuration file ${file} cannot be read: ${reason}`);
  }
}

/** Where the first mistake is. JSON.parse tells it in some cases only. @param text that is no JSON */
function findMistake(text: string): string {
  try {
    parseWithPlaces(text);
    return '';
  } catch (error) {
    const { line, column } = error as { line: number; column: number };
    return ` (line ${line}, column ${column})`;
  }
}

/** JSON.parse takes the last of two keys, so what the first one hides would be shown. @param text that is JSON */
function assertDistinctKeys(text: string, file: string): void {
  const open: Set<string>[] = [];
  for (const { 0: token, 1: quoted, 2: colon, index } of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    if (quoted === undefined || colon === undefined) continue;
    const key = JSON.parse(quoted) as string;
    if (open.at(-1)?.has(key))
      throw new OperatorError(
        `The configuration file ${file} has "${key}" twice in one place, again in line ${text.slice(0, index).split('\n').length}. Keep one of them.`,
      );
    open.at(-1)?.add(key);
  }
}

function withoutEmpty(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter(
      (entry): entry is [string, string] => Boolean(entry[1]) && !BLANK_FIELD.test(entry[1] ?? ''),
    ),
  );
}
