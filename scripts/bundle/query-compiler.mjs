import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const FILE = 'query-compiler.wasm';

const HOW_PRISMA_LOADS_IT =
  /getQueryCompilerWasmModule: async \(\) => \{\s+const \{ wasm \} = await import\("([^"]+)"\)\s+return await decodeBase64AsWasm\(wasm\)\s+\}/;

/**
 * Prisma Client's query compiler, which comes as 2.3 MB of base64 in a module and is compiled when the first query is
 * made: as a file, and compiled on another thread from the moment that the client is loaded.
 * @param {string} outdir where the file is put, beside the bundle
 * @returns {import('esbuild').Plugin}
 */
export const compiledInBackground = (outdir) => ({
  name: 'query-compiler',
  setup(build) {
    build.onLoad({ filter: /generated[\\/]prisma[\\/]internal[\\/]class\.ts$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      const [found, module] = HOW_PRISMA_LOADS_IT.exec(source) ?? [];
      if (found === undefined || module === undefined)
        throw new Error(`${file} loads the query compiler in another way than before.`);
      const { wasm } = /** @type {{ wasm: string }} */ (require(module.replace(/\.mjs$/, '.js')));
      await mkdir(outdir, { recursive: true });
      await writeFile(path.join(outdir, FILE), Buffer.from(wasm, 'base64'));
      const contents = `import { readFileSync } from 'node:fs';
const queryCompiler = WebAssembly.compile(readFileSync(new URL('${FILE}', import.meta.url)));
queryCompiler.catch(() => {});
${source.replace(found, 'getQueryCompilerWasmModule: () => queryCompiler')}`;
      return { contents, loader: 'ts' };
    });
  },
});
