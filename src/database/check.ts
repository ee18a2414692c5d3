/** What a database was checked for beyond that it answers, and how it stands. */
export interface CheckResult {
  /** What was checked, in a word, such as "migrations". */
  name: string;
  /** In a word, such as "current" or "behind". */
  state: string;
  /** What is wrong in particular, and what to do about it; absent where the database can be served from. */
  problem?: { details: string; remedy: string };
}

/** Looks whether a database is what a domain expects. */
export type Check<Client> = (client: Client) => Promise<CheckResult>;
