import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DATABASE_NAME } from '../parse-configuration.js';
import { writeWhole } from '../whole-file.js';

/** Said where a person ends the questions. */
export const UNWRITTEN = 'No configuration was written.';

const SCHEMA_OF_FILE = 'node_modules/steward-mcp/steward.schema.json';
const FALLBACK_NAME = 'main';

/** @param before its text until now; undefined where there was none @throws OperatorError as writeWhole */
export function writeConfiguration(file: string, content: object, before: string | undefined): void {
  writeWhole(file, `${JSON.stringify(content, null, 2)}\n`, before);
}

/** Lets editors complete the file, where the package is installed beside it. */
export function readSchemaReference(folder: string): { $schema?: string } {
  return existsSync(path.join(folder, SCHEMA_OF_FILE)) ? { $schema: `./${SCHEMA_OF_FILE}` } : {};
}

/** The name of the project, as far as it can name a database. */
export function readDatabaseName(folder: string): string {
  try {
    const { name } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
      name?: unknown;
    };
    const usable = (typeof name === 'string' ? name : '')
      .replace(/^@[^/]*\//, '')
      .replace(/[^A-Za-z0-9_-]/g, '-');
    return DATABASE_NAME.test(usable) ? usable : FALLBACK_NAME;
  } catch {
    return FALLBACK_NAME;
  }
}
