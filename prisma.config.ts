import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';
import { datasourceUrl } from './prisma/datasource-url.mjs';

// Prisma's CLI downloads its schema engine unless it is told of one; ours comes with `npm ci`. To use the native engine,
// set the variable yourself. (Windows cannot spawn a script, so there the CLI downloads.)
if (process.platform !== 'win32') {
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(
    new URL('prisma/schema-engine/cli.mjs', import.meta.url),
  );
}

// Prisma's commands and Studio would send telemetry.
process.env['CHECKPOINT_DISABLE'] ??= '1';

const url = datasourceUrl(process.argv.slice(2));

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'node dist/main.js seed' },
  ...(url ? { datasource: { url } } : {}),
});
