import { connectTo } from '../database.mjs';

const MOST_WRITTEN = 500;

const WRITE = `UPDATE users SET updated_at = now(), username =
  CASE WHEN username::text = lower(username::text) THEN initcap(username::text) ELSE lower(username::text) END
  WHERE id = $1`;

/**
 * Opens one who changes users while others read, one after the other, so that no answer changes its length: those that
 * are asked for, or those that never are. What is left of old versions of a row makes the pages slower on which the row
 * stands.
 * @param {string} url
 * @param {'newest' | 'oldest'} whom
 */
export async function openWriter(url, whom) {
  const client = await connectTo(url);
  // No wait for the disk here: it would be the same before each call.
  await client.query('SET synchronous_commit = off');
  const { rows } = await client.query('SELECT max(id) AS id FROM users');
  const lastId = whom === 'newest' ? rows[0].id : MOST_WRITTEN;
  let written = 0;
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  return {
    async write() {
      const id = lastId - (written++ % MOST_WRITTEN);
      // One connection does one thing at a time.
      const turn = last.then(() => client.query({ name: 'write', text: WRITE, values: [id] }));
      last = turn.catch(() => {});
      await turn;
    },
  };
}
