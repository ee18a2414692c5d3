import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { SchemaError } from '../schema-error.js';

/** A file of a schema. */
export interface SchemaFile {
  name: string;
  text: string;
}

/** Reads a schema file, or all files of a folder and its folders, as Prisma does. @throws SchemaError */
export function readSchemaFiles(location: string): SchemaFile[] {
  try {
    const names = statSync(location).isDirectory()
      ? readdirSync(location, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.prisma'))
          .toSorted()
          .map((name) => path.join(location, name))
      : [location];
    if (names.length === 0) throw new SchemaError(`The folder ${location} holds no .prisma file.`);
    return names.map((name) => ({
      name: path.relative(process.cwd(), name),
      text: readFileSync(name, 'utf8'),
    }));
  } catch (error) {
    if (error instanceof SchemaError) throw error;
    throw new SchemaError(`The schema ${location} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
