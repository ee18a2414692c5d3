import { appendFileSync, statSync, truncateSync } from 'node:fs';

/** In bytes: a larger log is started afresh. */
const MAX_LOG = 1024 * 1024;

/** The host's own log; the host has no terminal. Holds no SQL and no data. */
export class HostLog {
  constructor(private readonly file: string) {}

  /** Never throws: a full disk must not end a host that still serves reads. */
  write(text: string): void {
    try {
      const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > MAX_LOG) truncateSync(this.file);
      appendFileSync(this.file, `${new Date().toISOString()} ${process.pid} ${text}\n`, { mode: 0o600 });
    } catch {
      // There is no other place to say it.
    }
  }
}
