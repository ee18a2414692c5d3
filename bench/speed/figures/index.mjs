import { DBHUB, TOOLBOX } from '../servers/index.mjs';
import { measureCharacters } from './characters.mjs';
import { measureDeepPage } from './deep-page.mjs';
import { measureMemory } from './memory.mjs';
import { measureRecords } from './records.mjs';
import { atOnce, oneAtATime } from './series.mjs';
import { measureStart } from './start.mjs';
import { measureTotal } from './total.mjs';
import { measureTransfer } from './transfer.mjs';

/** @typedef {import('../stage.mjs').Stage} Stage */

/**
 * In the order in which they are measured: the start first, for what others write keeps autovacuum at work.
 * @type {{ name: string, what: string, measure: (stage: Stage) => Promise<import('../compare.mjs').Row[]> }[]}
 */
export const FIGURES = [
  {
    name: 'start',
    what: 'from starting the process to the first answer of a tool, over stdio',
    measure: measureStart,
  },
  {
    name: 'records',
    what: 'the same for records, with schemas of 17, 70 and 300 models, and the memory it takes',
    measure: measureRecords,
  },
  {
    name: 'stdio',
    what: 'median time of a call over stdio, one at a time',
    measure: async (stage) => oneAtATime('stdio', stage, await stage.overStdio()),
  },
  {
    name: 'stdio-at-once',
    what: 'calls a second over stdio, 32 at once',
    measure: async (stage) => atOnce('stdio', stage, await stage.overStdio(), DBHUB),
  },
  {
    name: 'http',
    what: 'median time of a call over HTTP, one at a time',
    measure: async (stage) => oneAtATime('HTTP', stage, await stage.overHttp()),
  },
  {
    name: 'http-at-once',
    what: 'calls a second over HTTP, 32 at once',
    measure: async (stage) => atOnce('HTTP', stage, await stage.overHttp(), TOOLBOX),
  },
  {
    name: 'memory',
    what: 'resident memory of all its processes, after many calls over stdio',
    measure: measureMemory,
  },
  {
    name: 'characters',
    what: 'length of the text that a model gets to read',
    measure: measureCharacters,
  },
  {
    name: 'deep-page',
    what: 'find_users far down by cursor beside its first page',
    measure: measureDeepPage,
  },
  {
    name: 'total',
    what: 'finding users with their total beside the query of the page alone',
    measure: measureTotal,
  },
  {
    name: 'transfer',
    what: 'transfer_user over stdio beside the same as a bare transaction of Prisma',
    measure: measureTransfer,
  },
];
