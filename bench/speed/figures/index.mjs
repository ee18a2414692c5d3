import { httpAtOnce, stdioAtOnce } from './at-once.mjs';
import { characters } from './characters.mjs';
import { deepPage } from './deep-page.mjs';
import { memory } from './memory.mjs';
import { http, stdio } from './one-at-a-time.mjs';
import { start } from './start.mjs';
import { total } from './total.mjs';
import { transfer } from './transfer.mjs';

/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {string} what
 * @property {(stage: import('../stage.mjs').Stage) => Promise<import('../rows.mjs').Row[]>} measure
 */

/**
 * In the order in which they are measured: the start first, for what others write keeps autovacuum at work.
 * @type {Figure[]}
 */
export const FIGURES = [
  start,
  stdio,
  stdioAtOnce,
  http,
  httpAtOnce,
  memory,
  characters,
  deepPage,
  total,
  transfer,
];
