import path from 'node:path';
import type { PrismaConfig } from 'prisma';
import { datasourceUrl } from './prisma/datasource-url.mjs';
import { ENGINE, MIGRATIONS, SCHEMA, STEWARD } from './prisma/places.mjs';

// Prisma's CLI downloads its schema engine unless it is told of one; ours comes with `npm ci`. To use the native engine,
// set the variable yourself. (Windows cannot spawn a script, so there the CLI downloads.)
if (process.platform !== 'win32') process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= ENGINE;

// Prisma's commands and Studio would send telemetry.
process.env['CHECKPOINT_DISABLE'] ??= '1';

const url = datasourceUrl(process.argv.slice(2));

// The package's copy runs where nothing of Prisma's may be found from here, so it imports nothing of it.
export default {
  schema: SCHEMA,
  migrations: { path: MIGRATIONS, seed: `node ${path.relative(process.cwd(), STEWARD)} seed` },
  ...(url ? { datasource: { url } } : {}),
} satisfies PrismaConfig;
