import { createRequire } from 'node:module';

const bindings = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');

/** The engine's WebAssembly, in its package. */
export const ENGINE_FILE = bindings.replace(/\.js$/, '.wasm');
