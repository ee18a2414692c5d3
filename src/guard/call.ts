import type { Claims, Scope } from '../capability/define.js';

/** A caller's name: what audit rows and the log can show on one line, with nothing in it that a reader does not see. */
export const CALLER_NAME = /^(?! )[^\p{C}\p{Zl}\p{Zp}]{1,100}(?<! )$/u;

export interface Caller {
  /** As it stands in the log and in audit rows. */
  name: string;
  scopes: ReadonlySet<Scope>;
  claims: Claims;
}

/** One request of a client that wants something of a capability. */
export interface Call {
  /** `protocol`: one of MCP's methods that reaches no capability, such as a list. */
  kind: 'tool' | 'resource' | 'prompt' | 'completion' | 'protocol';
  /** Name of the tool or the prompt, the resource's URI, or the method's name. */
  capability: string;
  /** What the catalogue calls it; undefined where there is none of that name. */
  listedAs: string | undefined;
  /** What the capability needs; absent where there is none of that name, which the call itself will say. */
  scope: Scope | undefined;
  arguments: unknown;
  /** What of the arguments may stand in the log; absent where the capability is unknown, which has none. */
  redactArguments?: ((args: unknown) => Record<string, unknown>) | undefined;
  caller: Caller;
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal;
}
