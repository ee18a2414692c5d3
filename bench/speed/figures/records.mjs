import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateSchema } from '../../../tests/records/generated-schema.mjs';
import { createDatabase } from '../../database.mjs';
import { compare, rowsOf } from '../compare.mjs';
import { EMPTY_SDK, steward } from '../servers/index.mjs';
import { memoryOfTree } from './memory.mjs';

/** Models of a schema, up to the largest that is common. */
const SIZES = [17, 70, 300];
const MOST_BLOCKS = 10;

/**
 * Start and memory with schemas of several sizes: all that is read of a schema is read at each start.
 * @param {import('../stage.mjs').Stage} stage
 */
export async function measureRecords({ kinds, options, server, folder, start }) {
  const empty = kinds.filter(({ name }) => name === EMPTY_SDK);
  const rows = [];
  for (const models of SIZES) {
    const kind = await recordsOf(models, server, folder);
    const form = `${models} models`;
    const heading = { form, targets: { [EMPTY_SDK]: undefined } };
    const blocks = Math.min(options.blocks, MOST_BLOCKS);
    /** @type {Map<string, number[]>} */
    const memory = new Map();
    const started = { ...heading, figure: 'start to first answer about records, stdio', unit: 'ms' };
    rows.push(
      ...(await compare(started, [kind, ...empty], blocks, async (one) => {
        const since = performance.now();
        const contestant = await start(one);
        await contestant.ask({ limit: 1 });
        const took = performance.now() - since;
        memory.set(one.name, [(await memoryOfTree(contestant.pid)) / 2 ** 20]);
        await contestant.stop();
        return took;
      })),
      ...rowsOf({ ...heading, figure: 'resident memory after it', unit: 'MB' }, memory),
    );
  }
  return rows;
}

/** The generated schema's first model, which each size has. */
const CALL = /** @type {[string, object]} */ ([
  'count_records',
  { model: 'Shipment1', filter: 'stage = DONE' },
]);

/** @param {number} models @param {string} server @param {string} folder @returns {Promise<import('../stage.mjs').ServerKind>} */
async function recordsOf(models, server, folder) {
  const { schema, tables } = generateSchema(models);
  const url = await createDatabase(server, `steward_bench_models_${models}`, tables);
  const config = path.join(folder, `models-${models}.json`);
  await writeFile(path.join(folder, `models-${models}.prisma`), schema);
  const databases = { large: { schema: `models-${models}.prisma`, url } };
  await writeFile(config, JSON.stringify({ databases }));
  const { stdio, ...kind } = steward(url);
  const env = { ...stdio.env, STEWARD_CONFIG: config };
  return { ...kind, stdio: { ...stdio, env }, toCall: () => CALL };
}
