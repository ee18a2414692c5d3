export interface Caller {
  name: string;
}

/** One request of a client that wants something of the directory. */
export interface Call {
  kind: 'tool' | 'resource' | 'prompt' | 'completion';
  /** Name of the tool or the prompt, or the resource's URI. */
  capability: string;
  arguments: unknown;
  caller: Caller;
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal;
}
