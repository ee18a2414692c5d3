import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The cached packages' folder node_modules. */
export const MODULES = process.env['TOUR_MODULES'] ?? '';

/** A package of that folder. Needs Node's --experimental-import-meta-resolve. @param {string} name @returns {Promise<any>} */
export const cached = (name) =>
  import(import.meta.resolve(name, pathToFileURL(path.join(MODULES, 'of-the-folder.mjs'))));
