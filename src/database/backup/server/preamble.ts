/** The first version of PostgreSQL whose servers have it. */
const TRANSACTION_TIMEOUT = 17;
/** What pg_restore begins with, whatever it restores. */
const PREAMBLE = /^(--.*|SET \S+ = .*;|SELECT pg_catalog\.set_config\(.*\);|\\restrict \S+|)$/;

/**
 * What pg_restore says, without a setting that only newer servers than this one know, and older ones refuse: a newer
 * pg_restore sets it for any server. It stands before the first object; what comes later may be data, and passes as it is.
 */
export async function* withoutUnknownSettings(
  output: AsyncIterable<Buffer>,
  major: number,
): AsyncIterable<Buffer> {
  let held = Buffer.alloc(0);
  let preamble = major < TRANSACTION_TIMEOUT;
  for await (const chunk of output) {
    held = Buffer.concat([held, chunk]);
    for (let end = held.indexOf('\n'); preamble && end >= 0; end = held.indexOf('\n')) {
      const line = held.subarray(0, end).toString('latin1');
      preamble = PREAMBLE.test(line);
      if (line !== 'SET transaction_timeout = 0;') yield held.subarray(0, end + 1);
      held = held.subarray(end + 1);
    }
    if (preamble) continue;
    yield held;
    held = Buffer.alloc(0);
  }
  yield held;
}
