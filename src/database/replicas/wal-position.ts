/** A position in a server's write-ahead log. Earlier commits have lower positions. */
export interface WalPosition {
  /** The identity of the log: the system identifier and the timeline. A fail-over changes it. */
  history: string;
  lsn: bigint;
}

/** @param text a pg_lsn of PostgreSQL: two hexadecimal numbers of 32 bits, separated by a slash */
export function parseLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** True if a server at `at` has everything up to `required`. Positions of two histories cannot be compared. */
export function hasReached(at: WalPosition, required: WalPosition): boolean {
  return at.history === required.history && at.lsn >= required.lsn;
}
