import { comparePair, medianCallMs } from '../blocks.mjs';
import { connectTo } from '../databases.mjs';
import { progress } from '../progress.mjs';
import { assertFull } from '../rightness.mjs';
import { Contestant } from '../servers/contestant.mjs';
import { steward } from '../servers/index.mjs';
import { Writer } from '../writer.mjs';

const PAGE = 20;
const DEEP = 1000;
/** Each call asks for another number of users, so none is the one before. */
const LIMITS = 20;

/** @type {import('./index.mjs').Figure} */
export const deepPage = {
  name: 'deep-page',
  what: 'find_users far down by cursor beside its first page',
  async measure({ options, databases, folder, cleanup }) {
    const url = await databases.url(options.size.many);
    const client = await connectTo(url);
    cleanup.add(() => client.end());
    const writer = await Writer.of(client, 'oldest');
    const contestant = await Contestant.overStdio(steward(url), folder);
    cleanup.add(() => contestant.stop());

    const ask = (/** @type {object} */ args) => findUsers(contestant, args);
    const { pages } = (await ask({ limit: PAGE })).structuredContent;
    const page = Math.min(DEEP, Math.floor(pages * 0.8));
    const figure = `stdio, page ${page} of ${options.size.many.toLocaleString('en')} users by cursor`;
    progress(figure);
    let cursor = (await ask({ limit: PAGE })).structuredContent.next_cursor;
    for (let at = 2; at < page; at += 1)
      cursor = (await ask({ limit: PAGE, cursor })).structuredContent.next_cursor;

    const deep = { name: 'deep', at: { cursor }, page };
    const first = { name: 'page 1', at: {}, page: 1 };
    const compared = await comparePair([deep, first], options.blocks, (place, block) =>
      medianCallMs(
        { first: block * options.calls, calls: options.calls, before: () => writer.write() },
        (at) => ask({ limit: limitOf(at), ...place.at }),
        (answer, at) => {
          assertFull({ limit: limitOf(at) }, answer);
          if (answer.structuredContent.page !== place.page)
            throw new Error(`page ${place.page} was asked for, not ${answer.structuredContent.page}`);
        },
      ),
    );
    await contestant.stop();
    return [
      {
        figure,
        form: 'always another, between writes',
        against: 'its page 1',
        isMain: true,
        target: { most: 1.2 },
        ...compared,
      },
    ];
  },
};

/**
 * @param {Contestant} contestant @param {object} args
 * @returns {Promise<import('../../raw-http-client.mjs').Answer & { structuredContent: { page: number, pages: number, next_cursor: string } }>}
 */
function findUsers({ client }, args) {
  return client.call('find_users', args);
}

/** @param {number} at */
function limitOf(at) {
  return 11 + ((at * 7) % LIMITS);
}
