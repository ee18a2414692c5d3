// Replaces prisma/places.mjs in dist/optional/prisma.config.mjs.
import { fileURLToPath } from 'node:url';

const at = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

export const ENGINE = at('schema-engine-cli.mjs');
export const STEWARD = at('../main.js');
export const SCHEMA = at('../../prisma/schema.prisma');
export const MIGRATIONS = at('../../prisma/migrations');
