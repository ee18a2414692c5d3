import { readFile } from 'node:fs/promises';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { ENGINE_FILE } from './engine-file.mjs';

/** @type {Promise<typeof bindings> | undefined} */
let loading;

/** @type {string | undefined} */
let panic;

/** The engine's message when it broke down, after which it cannot go on; its own exception says only "unreachable". */
export const lastPanic = () => panic;

/**
 * Prisma's schema engine as WebAssembly, from the npm package instead of a downloaded executable.
 * One instance serves the whole process: the bindings keep it in a variable of their module.
 */
export function loadSchemaEngine() {
  loading ??= instantiate();
  return loading;
}

async function instantiate() {
  // Prisma Client's own WebAssembly looks for the same global, so one that is there stays.
  /** @type {any} */ (globalThis).PRISMA_WASM_PANIC_REGISTRY ??= {
    set_message: (/** @type {string} */ message) => (panic = message),
  };
  // The package's main entry imports the `.wasm` file itself, which Node 20 does only behind a flag.
  const bytes = await readFile(ENGINE_FILE);
  // A global that TypeScript knows only together with a browser's.
  const { WebAssembly } = /** @type {any} */ (globalThis);
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings;
}
