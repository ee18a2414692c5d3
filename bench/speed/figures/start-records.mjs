import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateSchema } from '../../../tests/records/generated-schema.mjs';
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
export async function measureStartOfRecords(stage) {
  const { kinds, options, start } = stage;
  const empty = kinds.filter(({ name }) => name === EMPTY_SDK);
  const rows = [];
  for (const models of SIZES) {
    const kind = await recordsOf(models, stage);
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

/** @param {number} models @param {import('../stage.mjs').Stage} stage @returns {Promise<import('../stage.mjs').ServerKind>} */
async function recordsOf(models, { folder, filled }) {
  const { schema, tables } = generateSchema(models);
  const url = await filled(`models_${models}`, (client) => client.query(tables));
  const config = path.join(folder, `models-${models}.json`);
  await writeFile(path.join(folder, `models-${models}.prisma`), schema);
  const databases = { large: { schema: `models-${models}.prisma`, url } };
  await writeFile(config, JSON.stringify({ databases }));
  return { ...steward(url, { STEWARD_CONFIG: config }), toCall: () => CALL };
}
