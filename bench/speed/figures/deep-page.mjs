import { compare, medianCallMs } from '../compare.mjs';
import { assertFull } from '../rightness.mjs';
import { steward } from '../servers/index.mjs';
import { openWriter } from '../writer.mjs';

const PAGE = 20;
const DEEP = 1000;
/** Each call asks for another number of users, so none is the one before. */
const LIMITS = 20;

/** @param {import('../stage.mjs').Stage} stage */
export async function measureDeepPage({ options: { size, blocks, calls }, database, start }) {
  const url = await database(size.many);
  const writer = await openWriter(url, 'oldest');
  const contestant = await start(steward(url));

  const ask = async (/** @type {object} */ args) => {
    const answer = await contestant.client.call('find_users', args);
    return { answer, found: /** @type {Record<string, any>} */ (answer.structuredContent) };
  };
  const first = (await ask({ limit: PAGE })).found;
  const page = Math.min(DEEP, Math.floor(first['pages'] * 0.8));
  let cursor = first['next_cursor'];
  for (let at = 2; at < page; at += 1) cursor = (await ask({ limit: PAGE, cursor })).found['next_cursor'];

  const places = [
    { name: 'deep', at: { cursor }, page },
    { name: 'its page 1', at: {}, page: 1 },
  ];
  const heading = {
    figure: `stdio, page ${page} of ${size.many.toLocaleString('en')} users by cursor`,
    form: 'always another, between writes',
    unit: 'ms',
    targets: { 'its page 1': { most: 1.2 } },
  };
  const rows = await compare(heading, places, blocks, (place, block) =>
    medianCallMs(
      { first: block * calls, calls, before: () => writer.write() },
      (at) => ask({ limit: limitOf(at), ...place.at }),
      ({ answer, found }, at) => {
        assertFull({ limit: limitOf(at) }, answer);
        if (found['page'] !== place.page)
          throw new Error(`page ${place.page} was asked for, not ${found['page']}`);
      },
    ),
  );
  await contestant.stop();
  return rows;
}

/** @param {number} at */
function limitOf(at) {
  return 11 + ((at * 7) % LIMITS);
}
