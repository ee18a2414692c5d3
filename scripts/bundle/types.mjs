import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

/**
 * Writes what a declaration file exports as one file, which names no other but those of zod.
 * @param {string} from
 * @param {string} to
 */
export async function bundleTypes(from, to) {
  const bundle = await rollup({ input: from, external: ['zod'], plugins: [dts()] });
  await bundle.write({ file: to, format: 'es' });
  await bundle.close();
}
