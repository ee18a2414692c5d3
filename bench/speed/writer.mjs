const MOST_WRITTEN = 500;

const WRITE = `UPDATE users SET updated_at = now(), username =
  CASE WHEN username::text = lower(username::text) THEN initcap(username::text) ELSE lower(username::text) END
  WHERE id = $1`;

/** Changes one user after the other while others read, so that no answer changes its length. */
export class Writer {
  #written = 0;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {import('pg').Client} client @param {number} lastId */
  constructor(client, lastId) {
    this.client = client;
    this.lastId = lastId;
  }

  /**
   * One who changes those that are asked for, or those that never are: what is left of old versions of a row makes the
   * pages slower on which the row stands.
   * @param {import('pg').Client} client a connection of its own
   * @param {'newest' | 'oldest'} whom
   */
  static async of(client, whom) {
    // No wait for the disk here: it would be the same before each call.
    await client.query('SET synchronous_commit = off');
    const { rows } = await client.query('SELECT max(id) AS id FROM users');
    return new Writer(client, whom === 'newest' ? rows[0].id : MOST_WRITTEN);
  }

  async write() {
    const id = this.lastId - (this.#written++ % MOST_WRITTEN);
    // One connection does one thing at a time.
    const turn = this.#last.then(() => this.client.query({ name: 'write', text: WRITE, values: [id] }));
    this.#last = turn.catch(() => {});
    await turn;
  }
}
