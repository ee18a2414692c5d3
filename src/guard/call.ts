import type { Scope } from '../scopes.js';

export interface Caller {
  /** As it stands in the log and in audit rows. */
  name: string;
  scopes: ReadonlySet<Scope>;
}

/** One request of a client that wants something of the directory. */
export interface Call {
  kind: 'tool' | 'resource' | 'prompt' | 'completion';
  /** Name of the tool or the prompt, or the resource's URI. */
  capability: string;
  /** What the catalogue calls it; undefined where there is none of that name. */
  listedAs: string | undefined;
  /** What the capability asks for; absent where there is none of that name, which the call itself will say. */
  scope: Scope | undefined;
  arguments: unknown;
  caller: Caller;
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal;
}
