// Replaces @prisma/client/runtime/client in the bundle. Prisma Client carries its query compiler as base64, and compiles
// it on the main thread at the first query. The bundle has it as a file, and compiles it on other threads from the start.
import { readFileSync } from 'node:fs';
import * as runtime from '../../node_modules/@prisma/client/runtime/client.js';

export * from '../../node_modules/@prisma/client/runtime/client.js';

// The types of Node 20 do not have this global.
const { WebAssembly } = /** @type {any} */ (globalThis);
const queryCompiler = WebAssembly.compile(readFileSync(new URL('query-compiler.wasm', import.meta.url)));
// Prisma Client reports the error, to each query.
queryCompiler.catch(() => {});

/** @param {any} config of the generated client */
export const getPrismaClient = (config) => {
  config.compilerWasm.getQueryCompilerWasmModule = () => queryCompiler;
  return runtime.getPrismaClient(config);
};
