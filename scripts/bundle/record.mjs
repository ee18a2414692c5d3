// Runs dist/main.js, and saves the code that V8 has compiled when the process ends.
import { writeFileSync } from 'node:fs';

const { codeCache, script } = await import(new URL('../../dist/main.js', import.meta.url).href);
process.on('exit', () => writeFileSync(codeCache, script.createCachedData()));
