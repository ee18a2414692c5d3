import { readFile } from 'node:fs/promises';

/**
 * Before Node 21, pg finds out whether it runs at Cloudflare by making a Response, for which Node loads all of its HTTP
 * client: 20 ms of every start.
 * @type {import('esbuild').Plugin}
 */
export const withoutCloudflare = {
  name: 'pg-stream',
  setup(build) {
    build.onLoad({ filter: /[\\/]pg[\\/]lib[\\/]stream\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replace('if (isCloudflareRuntime())', 'if (false)');
      if (contents === source) throw new Error(`${path} asks for Cloudflare in another way than before.`);
      return { contents };
    });
  },
};
