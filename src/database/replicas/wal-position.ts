/** A point in a server's write-ahead log: everything committed before it stands before it. */
export interface WalPosition {
  /** Whose log: the database system's identifier and its timeline. After a fail-over it is another. */
  history: string;
  lsn: bigint;
}

/** @param text as PostgreSQL writes a pg_lsn: two hexadecimal numbers of 32 bits with a slash between them */
export function parseLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Whether a server at `at` has everything up to `required`. Positions in two histories cannot be compared. */
export function hasReached(at: WalPosition, required: WalPosition): boolean {
  return at.history === required.history && at.lsn >= required.lsn;
}
