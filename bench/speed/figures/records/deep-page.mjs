import { connectTo } from '../../../database.mjs';
import { progress } from '../../../progress.mjs';
import { compare, medianCallMs } from '../../compare.mjs';
import { readRows } from '../../shop/answers.mjs';
import { shopSteward } from '../../shop/stage.mjs';

const PAGE = 100;
const DEEP = 1000;
/** Pages from which the deep calls go on, one after the other. */
const PLACES = 20;

/** Mixed order: the later come first, and of one moment the smaller id. @param {import('../../shop/stage.mjs').Shop} shop */
export async function measureDeepRecords({ options: { size, blocks, calls }, database, start }) {
  const url = await database(size.many);
  const contestant = await start(shopSteward(url));
  const ask = (/** @type {object} */ args) =>
    contestant.client.call('find_records', { model: 'Order', order_by: 'placedAt desc, id', ...args });

  const page = Math.min(DEEP, Math.floor((size.many / PAGE) * 0.8));
  progress(`to page ${page}`);
  const cursors = [cursorOf(await ask({ limit: PAGE }))];
  while (cursors.length < page)
    cursors.push(cursorOf(await ask({ limit: PAGE, cursor: cursors.at(-1), fields: 'id' })));
  const deep = cursors.slice(-PLACES);
  await assertPlace(url, page * PAGE, await ask({ limit: PAGE, cursor: deep.at(-1), fields: 'id' }));

  const heading = {
    figure: `find_records, page ${page} of ${size.many.toLocaleString('en')} orders by cursor, stdio`,
    form: 'mixed order, always another',
    unit: 'ms',
    targets: { 'its page 1': { most: 1.2 } },
  };
  const places = [
    { name: 'deep', at: (/** @type {number} */ call) => ({ cursor: deep[call % PLACES] }) },
    { name: 'its page 1', at: () => ({}) },
  ];
  const limitOf = (/** @type {number} */ call) => 11 + ((call * 7) % PLACES);
  const rows = await compare(heading, places, blocks, (place, block) =>
    medianCallMs(
      { first: block * calls, calls },
      (call) => ask({ limit: limitOf(call), ...place.at(call) }),
      (answer, call) => {
        const found = readRows(answer).length;
        if (found !== limitOf(call)) throw new Error(`${limitOf(call)} orders were asked for, not ${found}`);
      },
    ),
  );
  await contestant.stop();
  return rows;
}

/** @param {import('../../servers/client.mjs').Answer} answer */
const cursorOf = ({ structuredContent }) =>
  String(/** @type {Record<string, unknown>} */ (structuredContent)['next_cursor']);

/** @param {string} url @param {number} before rows before those of the answer @param {import('../../servers/client.mjs').Answer} answer */
async function assertPlace(url, before, answer) {
  const client = await connectTo(url);
  const { rows } = await client.query(
    'SELECT id FROM orders ORDER BY placed_at DESC, id OFFSET $1 LIMIT $2',
    [before, PAGE],
  );
  const expected = rows.map(({ id }) => id).join();
  if (readRows(answer).join() !== expected) throw new Error(`the page after ${before} orders is not right`);
}
