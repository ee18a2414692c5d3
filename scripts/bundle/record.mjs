// Runs dist/steward.cjs as `node dist/main.js` does, and keeps the code that V8 has made of it by its end.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codeCacheOf, loadProgram } from '../../build/load-program.js';

const file = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));
const program = loadProgram(file);
process.on('exit', () => writeFileSync(codeCacheOf(file), program.compiled()));
program.run();
