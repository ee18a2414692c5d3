import type { Directory } from '../directory/index.js';

const SOURCES: Record<string, (directory: Directory) => Promise<string[]>> = {
  department: departmentNames,
  new_department: departmentNames,
  role: (directory) => directory.roles(),
};

/** At most 100 values may be offered at once (specification 2025-11-25, server/utilities/completion). */
const MOST_VALUES = 100;

export interface Completion {
  values: string[];
  total: number;
  hasMore: boolean;
}

/** Known values of an argument that begin with what was typed, whatever its case; none for arguments of other kinds. */
export async function complete(directory: Directory, argument: string, typed: string): Promise<Completion> {
  const source = Object.hasOwn(SOURCES, argument) ? SOURCES[argument] : undefined;
  const all = source ? await source(directory) : [];
  const matching = all.filter((value) => value.toLowerCase().startsWith(typed.toLowerCase()));
  return {
    values: matching.slice(0, MOST_VALUES),
    total: matching.length,
    hasMore: matching.length > MOST_VALUES,
  };
}

async function departmentNames(directory: Directory): Promise<string[]> {
  return directory.departments.names();
}
