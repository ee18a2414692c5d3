#!/usr/bin/env node
import { program } from './load-program.js';

export { codeCache, script } from './load-program.js';

program.runProcess();
