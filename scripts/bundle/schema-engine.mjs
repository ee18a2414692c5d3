// What dist/optional/schema-engine.cjs holds: the engine for Steward, and what Prisma's command line needs of it.
export { default as pg } from 'pg';
export { connectionOf } from '../../prisma/schema-engine/connection.mjs';
export { openSchemaEngine } from '../../prisma/schema-engine/engine.mjs';
export { asSchemaEngineError, SchemaEngineError } from '../../prisma/schema-engine/errors.mjs';
export { createDatabase, openSession } from '../../prisma/schema-engine/session.mjs';
export { lastPanic, loadSchemaEngine } from '../../prisma/schema-engine/wasm.mjs';
