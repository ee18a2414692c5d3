import { census } from '../../../tests/support/data-rules.mjs';
import { Journal } from '../../load/journal.mjs';
import { People } from '../../load/people.mjs';

/** @typedef {import('../../../tests/support/postgres-server.mjs').PostgresServer} PostgresServer */
/** @typedef {import('../../load/steward-process.mjs').StewardProcess | import('./stdio-steward.mjs').StdioSteward} Steward */

/** One directory: its database, the processes that serve it, and the journal of what they were asked and answered. */
export class Site {
  journal = new Journal();
  /** Every process there ever was. @type {Steward[]} */
  stewards = [];

  /**
   * @private
   * @param {PostgresServer} server @param {string} name @param {string} url @param {People} people
   * @param {Record<string, number>} before
   */
  constructor(server, name, url, people, before) {
    this.server = server;
    this.name = name;
    this.url = url;
    this.people = people;
    /** What was in the database before anybody asked for anything. */
    this.before = before;
  }

  /** @param {PostgresServer} server @param {string} name of the database @param {string} url of Steward */
  static async open(server, name, url) {
    const database = { query: (/** @type {string} */ sql) => server.query(sql, name) };
    return new Site(server, name, url, await People.of(database), await census(database));
  }

  /** Moves to another server, which has the same database. @param {PostgresServer} server */
  moveTo(server) {
    this.server = server;
  }

  /** Looks into the database past Steward, as its administrator. @param {string} sql @returns {Promise<any[]>} */
  query(sql) {
    return this.server.query(sql, this.name);
  }
}
