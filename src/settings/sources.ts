import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import dotenv from 'dotenv';
import { z } from 'zod';
import { OperatorError } from '../errors.js';
import { PROJECT_ROOT } from '../project-root.js';

const FILE_NAME = 'steward.config.json';

const CONFIGURATION_FILE = z.strictObject({
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
}

/** These choose the files, so no file can hold them. */
const CHOOSING = ['NODE_ENV', 'STEWARD_CONFIG'];

/**
 * The settings as text, from all of their sources, strongest first: the environment (flags are part of it by now),
 * `.env.local` (not in tests), `.env.<NODE_ENV>`, the configuration file. The two files stand beside the configuration
 * file where there is one, else in the working folder; of a checkout, it is the checkout that counts.
 * Empty values count as absent, as they do in a shell's `${VAR:-default}`.
 * @throws OperatorError for a configuration file that is missing or cannot be read, and a file that would choose files
 */
export function readSources(environment: NodeJS.ProcessEnv): Found {
  const real = withoutEmpty(environment);
  const home = isCheckout() ? PROJECT_ROOT : process.cwd();
  const file = findConfigurationFile(real['STEWARD_CONFIG'], home);
  const folder = file === undefined ? home : path.dirname(file);
  const name = real['NODE_ENV'] ?? 'development';
  const envFiles = (name === 'test' ? [] : ['.env.local'])
    .concat(`.env.${path.basename(name)}`)
    .map((one) => path.join(folder, one))
    .filter((one) => existsSync(one));
  const fromEnvFiles: Record<string, string> = {};
  dotenv.config({ path: envFiles, processEnv: fromEnvFiles, quiet: true });
  const fromFile = file === undefined ? {} : readConfigurationFile(file);
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
  };
}

/** Sets a variable of this process's environment. To be called before settings are read. */
export function overrideVariable(name: string, value: string): void {
  process.env[name] = value;
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

function readConfigurationFile(file: string): Record<string, string> {
  const { data, error } = CONFIGURATION_FILE.safeParse(readJson(file));
  if (data)
    return Object.fromEntries(Object.entries(data.settings).map(([name, value]) => [name, String(value)]));
  const problems = error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
  throw new OperatorError(`The configuration file ${file} cannot be used:\n${problems.join('\n')}`);
}

/** The words of JSON.parse repeat what stands around a mistake, which may be a password. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { message } = error as Error;
    const position = /at position \d+/.exec(message)?.[0] ?? '';
    const reason = error instanceof SyntaxError ? `it is not valid JSON ${position}`.trim() : message;
    throw new OperatorError(`The configuration file ${file} cannot be read: ${reason}`);
  }
}

function withoutEmpty(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}
