// Replaces @prisma/prisma-schema-wasm in the bundle. The package reads and compiles its parser when it is loaded, which a
// Steward without records does not need.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('optional/prisma-schema.cjs', import.meta.url));
const require = createRequire(import.meta.url);

/** @param {string} request */
export const get_datamodel = (request) => require(file).get_datamodel(request);
