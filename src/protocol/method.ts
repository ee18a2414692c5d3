import type { Result } from '@modelcontextprotocol/sdk/types.js';
import type { Catalogue } from '../capability/catalogue.js';
import type { Prompt, RequiredScope, Resource, Tool } from '../capability/define.js';
import { StewardError } from '../errors.js';
import { permits } from '../guard/authorise.js';
import type { Call, Caller } from '../guard/call.js';
import type { Guard } from '../guard/index.js';

/** The caller of a request, and the signal that it was cancelled. */
export interface Request {
  caller: Caller;
  signal: AbortSignal;
}

/** One of MCP's methods. @throws RpcError; any other error is a fault of the server */
export type Method = (params: Record<string, unknown>, request: Request) => Result | Promise<Result>;

/** The context of methods that reach a capability. The guard is the only way to one. */
export interface Reach {
  catalogue: Catalogue;
  guard: Guard;
}

const LONGEST_CAPABILITY = 100;

/** A call as guard and log know it, of a capability that may not exist. @param name as the client gave it */
export function describeCall(
  { catalogue }: Reach,
  request: Request,
  kind: Call['kind'],
  name: unknown,
  found: Tool | Resource | Prompt | undefined,
  args: unknown = {},
): Call {
  const known = typeof name === 'string' && name.length <= LONGEST_CAPABILITY;
  return {
    ...request,
    kind,
    capability: known ? name : '[none]',
    listedAs: found?.name,
    scope: found && scopeOf(found),
    arguments: args,
    redactArguments: found && catalogue.domainOf(found).redactArguments,
  };
}

/** The scope that a capability needs; for a resource, that of its tool. */
export function scopeOf(capability: Tool | Resource | Prompt): RequiredScope {
  return 'tool' in capability ? capability.tool.scope : capability.scope;
}

export function findByName<Item extends { name: string }>(
  items: readonly Item[],
  name: unknown,
): Item | undefined {
  return items.find((item) => item.name === name);
}

/** Names what there is instead, and no more of it than a list would. */
export function noSuch(kind: string, items: readonly (Tool | Prompt)[], caller: Caller): StewardError {
  const known = items.filter(({ scope }) => permits(caller, scope)).map(({ name }) => name);
  return new StewardError('NOT_FOUND', `There is no ${kind} of this name. There are: ${known.join(', ')}.`);
}
