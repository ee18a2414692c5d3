import type { Config } from '../config.js';
import type { Database } from '../database/index.js';
import { UnusableDatabaseError } from '../database/unusable.js';
import { createDirectory, type Directory } from '../directory/index.js';

/** The directory, as soon as the database is ready; `unusable` is called when that will never be. */
export function openDirectory(
  database: Database,
  config: Config,
  unusable: (error: Error) => void,
): () => Promise<Directory> {
  let directory: Directory | undefined;
  return async () => {
    if (directory) return directory;
    try {
      const prisma = await database.ready();
      return (directory ??= createDirectory(prisma, config.cacheTtlMs));
    } catch (error) {
      if (error instanceof UnusableDatabaseError) unusable(error);
      throw error;
    }
  };
}
