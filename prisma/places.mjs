import { fileURLToPath } from 'node:url';

const at = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

// What Prisma's command line is told of, in a checkout. scripts/bundle/places.mjs says where the package has it.
export const ENGINE = at('schema-engine/cli.mjs');
export const STEWARD = at('../dist/main.js');
export const SCHEMA = at('schema.prisma');
export const MIGRATIONS = at('migrations');
