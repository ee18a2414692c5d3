import type { ProcessIdentity } from './process-identity.js';

/** What the host that owns a data folder says of itself in its lock file. */
export interface Owner {
  /** Of the conversation on the control socket. */
  protocol: number;
  process: ProcessIdentity;
  /** The folder of the PostgreSQL socket. */
  folder: string;
  /** The socket on which the owner listens from before it links its file until after its database is closed. */
  control: string;
  /** It has closed its database and is about to exit. */
  released?: true;
}
