// Replaces prisma/schema-engine/engine-file.mjs in the bundle, where the file stands beside the code.
export const ENGINE_FILE = new URL('schema-engine.wasm', import.meta.url);
