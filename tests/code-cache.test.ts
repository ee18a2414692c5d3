import { expect, it } from '@jest/globals';
import { pathToFileURL } from 'node:url';
import { MAIN, run } from './support/command.mjs';

it('a start uses the code that the build saved', async () => {
  const print = `import('${pathToFileURL(MAIN).href}').then(({ script }) => console.log(script.cachedDataRejected))`;
  const env = { DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere' };
  expect(await run(['--eval', print], env)).toMatchObject({ code: 0, stdout: 'false\n' });
});
