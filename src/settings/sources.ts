import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import dotenv from 'dotenv';
import { z } from 'zod';
import { PROJECT_ROOT } from '../project-root.js';
import { ConfigError } from './errors.js';

const FILE_NAME = 'steward.config.json';

const CONFIGURATION_FILE = z.strictObject({
  $schema: z.string().optional(),
  /** By the name of the environment variable that would say the same. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

/**
 * The settings as text, from all of their sources, strongest first: the environment (flags are part of it by now),
 * `.env.local` (not in tests), `.env.<NODE_ENV>`, the configuration file. The two files stand beside the configuration
 * file where there is one, else in the working folder; of a checkout, it is the checkout that counts.
 * Empty values count as absent, as they do in a shell's `${VAR:-default}`.
 * @throws ConfigError for a configuration file that is missing or cannot be read
 */
export function readSources(environment: NodeJS.ProcessEnv): Record<string, string> {
  const real = withoutEmpty(environment);
  const home = isCheckout() ? PROJECT_ROOT : process.cwd();
  const file = findConfigurationFile(real['STEWARD_CONFIG'], home);
  const folder = file === undefined ? home : path.dirname(file);
  const name = real['NODE_ENV'] ?? 'development';
  const files = (name === 'test' ? [] : ['.env.local']).concat(`.env.${path.basename(name)}`);
  const fromFiles: Record<string, string> = {};
  dotenv.config({
    path: files.map((one) => path.join(folder, one)),
    processEnv: fromFiles,
    quiet: true,
  });
  return {
    ...(file !== undefined && withoutEmpty(readConfigurationFile(file))),
    ...withoutEmpty(fromFiles),
    ...real,
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
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`The configuration file ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const parsed = CONFIGURATION_FILE.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`The configuration file ${file} cannot be used:\n${problems.join('\n')}`);
  }
  const settings = Object.entries(parsed.data.settings);
  return Object.fromEntries(settings.map(([name, value]) => [name, String(value)]));
}

function withoutEmpty(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}
