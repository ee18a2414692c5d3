import path from 'node:path';
import { PROJECT_ROOT } from '../project-root.js';

/** Whether npx fetched this Steward: into a cache that may be emptied. */
export const isByNpx = PROJECT_ROOT.split(path.sep).includes('_npx');

/** How a person calls Steward in this folder: a package of npx or of the project is on no search path. */
export function commandName(folder: string): string {
  const isOfProject = PROJECT_ROOT.startsWith(path.join(folder, 'node_modules', path.sep));
  return isByNpx || isOfProject ? 'npx steward-mcp' : 'steward';
}
