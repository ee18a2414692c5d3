import { DBHUB, TOOLBOX } from '../servers/index.mjs';
import { OPEN_ORDERS, SALES, WHOLESALE } from '../shop/questions.mjs';
import { measureCharacters } from './characters.mjs';
import { measureDeepPage } from './deep-page.mjs';
import { measureMemory } from './memory.mjs';
import { measureCharactersOfRecords } from './records/characters.mjs';
import { measureDeepRecords } from './records/deep-page.mjs';
import { findAfterStart, findAtOnce, findOneAtATime } from './records/find.mjs';
import { measureTopic } from './records/topic.mjs';
import { measurePolicies } from './records/policies.mjs';
import { atOnce, oneAtATime } from './series.mjs';
import { measureStartOfRecords } from './start-records.mjs';
import { measureStart } from './start.mjs';
import { measureTotal } from './total.mjs';
import { measureTransfer } from './transfer.mjs';

/** @typedef {import('../compare.mjs').Row} Row */
/** @typedef {import('../stage.mjs').Stage} Stage */
/** @typedef {import('../stage.mjs').Shop} Shop */
/** `group`: a name for several. @typedef {{ name: string, group?: string, what: string, measure: (stages: import('../stage.mjs').Stages) => Promise<Row[]> }} Figure */

/** @param {string} name @param {string} what @param {(stage: Stage) => Promise<Row[]>} measure @returns {Figure} */
const ofDirectory = (name, what, measure) => ({
  name,
  what,
  measure: async ({ directory }) => measure(await directory()),
});

/** @param {string} name @param {string} what @param {(shop: Shop) => Promise<Row[]>} measure @returns {Figure} */
const ofRecords = (name, what, measure) => ({
  name: `records-${name}`,
  group: 'records',
  what,
  measure: async ({ shop }) => measure(await shop()),
});

/**
 * A target that was aimed at and not reached is what was reached: docs/performance.md says what bounds it. In the order in which
 * they are measured: the start first, for what others write keeps autovacuum at work.
 * @type {Figure[]}
 */
export const FIGURES = [
  ofDirectory('start', 'from starting the process to the first answer of a tool, over stdio', measureStart),
  ofDirectory(
    'start-records',
    'the same for records, with schemas of 17, 70 and 300 models, and the memory it takes',
    measureStartOfRecords,
  ),
  ofDirectory('stdio', 'median time of a call over stdio, one at a time', async (stage) =>
    oneAtATime('stdio', stage, await stage.overStdio(), [{ most: 1.45 }, { most: 1.1 }]),
  ),
  ofDirectory('stdio-at-once', 'calls a second over stdio, 32 at once', async (stage) =>
    atOnce('stdio', stage, await stage.overStdio(), DBHUB, [{ least: 0.5 }, { least: 1.2 }]),
  ),
  ofDirectory('http', 'median time of a call over HTTP, one at a time', async (stage) =>
    oneAtATime('HTTP', stage, await stage.overHttp(), [{ most: 1.3 }, { most: 1.1 }]),
  ),
  ofDirectory('http-at-once', 'calls a second over HTTP, 32 at once', async (stage) =>
    atOnce('HTTP', stage, await stage.overHttp(), TOOLBOX, [{ least: 0.6 }, { least: 1.4 }]),
  ),
  ofDirectory('memory', 'resident memory of all its processes, after many calls over stdio', measureMemory),
  ofDirectory('characters', 'length of the text that a model gets to read', measureCharacters),
  ofDirectory('deep-page', 'find_users far down by cursor beside its first page', measureDeepPage),
  ofDirectory('total', 'finding users with their total beside the query of the page alone', measureTotal),
  ofDirectory(
    'transfer',
    'transfer_user over stdio beside the same as a bare transaction of Prisma',
    measureTransfer,
  ),
  ofRecords('stdio', 'find_records over stdio, each shape new, one at a time', async (shop) =>
    findOneAtATime(shop, 'stdio', await shop.overStdio()),
  ),
  ofRecords('http', 'the same over HTTP', async (shop) =>
    findOneAtATime(shop, 'HTTP', await shop.overHttp()),
  ),
  ofRecords('at-once', 'the same over stdio, 32 at once', findAtOnce),
  ofRecords('first-calls', 'the same over stdio, of a process that has just started', findAfterStart),
  ofRecords('include', 'orders by a field of their customer, with their items', (shop) =>
    measureTopic(shop, WHOLESALE, 2.2),
  ),
  ofRecords('question', 'a saved question beside a tool of Toolbox with the same SQL', (shop) =>
    measureTopic(shop, OPEN_ORDERS, 2.2),
  ),
  ofRecords('aggregate', 'sums by country, month and status', (shop) =>
    // The database is at it for a tenth of a second.
    measureTopic(shop, SALES, 1.05, Math.ceil(shop.options.calls / 10)),
  ),
  ofRecords('deep-page', 'find_records far down by cursor beside its first page', measureDeepRecords),
  ofRecords('policies', 'find_records with claims and row policies beside without', measurePolicies),
  ofRecords('characters', 'length of three of these answers', measureCharactersOfRecords),
];
