#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { loadProgram } from './load-program.js';

loadProgram(fileURLToPath(new URL('steward.cjs', import.meta.url))).run();
