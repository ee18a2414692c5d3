import type { Claims, RequiredScope, Scope } from '../capability/define.js';

export interface Caller {
  /** As it stands in the log and in audit rows. */
  name: string;
  scopes: ReadonlySet<Scope>;
  claims: Claims;
  /** What its calls are counted by, where that is not its name. */
  countedAs?: string;
}

/** One request of a client that wants something of a capability. */
export interface Call {
  /** `protocol`: one of MCP's methods that reaches no capability, such as a list. */
  kind: 'tool' | 'resource' | 'prompt' | 'completion' | 'protocol';
  /** Name of the tool or the prompt, the resource's URI, or the method's name. */
  capability: string;
  /** Its name in the catalogue; undefined if the catalogue has none of that name. */
  listedAs: string | undefined;
  /** The scope that the capability needs; absent for an unknown name, which the call itself reports. */
  scope: RequiredScope | undefined;
  arguments: unknown;
  /** The arguments that may be logged; absent if the capability is unknown. */
  redactArguments?: ((args: unknown) => Record<string, unknown>) | undefined;
  /** Its labels in metrics beside kind, name and outcome, and attributes of its span: steward.<label>. */
  labels?: Record<string, string> | undefined;
  caller: Caller;
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal;
}
