/** The result of a check of a database that answers. */
export interface CheckResult {
  /** The subject of the check in a word, such as "migrations". */
  name: string;
  /** The state in a word, such as "current" or "behind". */
  state: string;
  /** The fault and its remedy; absent if the database can serve. */
  problem?: { details: string; remedy: string };
}

/** Checks that a database is as a domain expects. */
export type Check<Client> = (client: Client) => Promise<CheckResult>;
