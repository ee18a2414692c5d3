import { expect, it } from '@jest/globals';
import { pathToFileURL } from 'node:url';
import { MAIN, run } from './support/command.mjs';

const print = `import('${pathToFileURL(MAIN).href}').then(({ script }) => console.log(script.cachedDataRejected))`;
const env = { DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere' };

it('a start uses the code that the build saved', async () => {
  expect(await run(['--eval', print], env)).toMatchObject({ code: 0, stdout: 'false\n' });
});

// V8 tells itself from another by its version and its flags alike.
it('a start on another V8 ignores that code, and says nothing of it', async () => {
  expect(await run(['--no-opt', '--eval', print], env)).toMatchObject({ code: 0, stdout: 'true\n' });
  expect(await run(['--no-opt', MAIN, '--version'])).toMatchObject({ code: 0, stderr: '' });
});
