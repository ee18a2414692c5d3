import path from 'node:path';
import { readConfigurationContent, readKeptReferences, readReferences } from '../settings/sources.js';

/**
 * Says which variables a configuration refers to that this shell knows and a client will not: it starts Steward in an
 * environment of its own.
 */
export function describeUnkept(configuration: string): string | undefined {
  const folder = path.dirname(configuration);
  const [known, kept] = [readReferences(folder), readKeptReferences(folder)];
  const names = listReferences(readConfigurationContent(configuration)).filter(
    (name) => Object.hasOwn(known, name) && !Object.hasOwn(kept, name),
  );
  if (names.length === 0) return undefined;
  const [verb, them] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${names.join(', ')} ${verb} set in this shell, and a client starts Steward without ${them}. Put ${them} into ${path.join(folder, '.env')}, which nobody else should be able to read.`;
}

/** The variables that texts such as `env:DATABASE_URL` refer to. */
function listReferences(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('env:') ? [value.slice('env:'.length)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(Object.values(value).flatMap(listReferences))];
}
