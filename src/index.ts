import { program } from './load-program.js';

// library.ts has their types.
export const { defineTool, EFFECTS, serve, StewardError } = program.library;
