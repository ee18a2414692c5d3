import type { Result } from '@modelcontextprotocol/sdk/types.js';
import { assertFits } from '../capability/answer/bounds.js';
import type { Catalogue } from '../capability/catalogue.js';
import type { Capability, Context, Prompt, RequiredScope, Tool } from '../capability/define.js';
import { InputRequired } from '../capability/input-required.js';
import { StewardError } from '../errors.js';
import { permits } from '../guard/authorise.js';
import type { Call, Caller } from '../guard/call.js';
import type { Answered, Guard } from '../guard/index.js';
import type { RequestMeta } from './envelope.js';
import { readInput, toInputRequired } from './input-required.js';

/** What the greeting of a client settled for the requests after it. */
export interface Connection {
  capabilities?: Record<string, unknown>;
}

/** The caller of a request, and the signal that it was cancelled. */
export interface Request {
  caller: Caller;
  signal: AbortSignal;
  /** Absent in the revisions that settle all this once, with a greeting. */
  meta?: RequestMeta;
  /** Absent where the requests of a client have nothing in common. */
  connection?: Connection;
  /** Tells whoever asks of something before the answer; absent where the transport cannot. */
  notify?: ((method: string, params: Record<string, unknown>) => void) | undefined;
}

/** One of MCP's methods. @throws StewardError; any other error is a fault of the server */
export type Method = (params: Record<string, unknown>, request: Request) => Result | Promise<Result>;

/** The context of methods that reach a capability. The guard is the only way to one. */
export interface Reach {
  catalogue: Catalogue;
  guard: Guard;
}

interface Wanted {
  kind: Call['kind'];
  /** As the client gave it. */
  name: unknown;
  /** The capability of this name, if there is one. */
  found: Capability | undefined;
  args?: unknown;
  /** The method's parameters, where it may ask the client for something first. */
  params?: Record<string, unknown>;
  /** Of the answer, where it is a file. */
  largestBytes?: number | undefined;
}

const LONGEST_CAPABILITY = 100;

/**
 * Runs a call through the guard. An answer that is too large or no JSON fails there, and not in the transport. Where the work
 * asks the client for something first, that is the result.
 * @param work makes the answer; it gets the services of the capability's domain as soon as they can serve
 * @throws StewardError
 */
export function run(
  { catalogue, guard }: Reach,
  request: Request,
  { kind, name, found, args = {}, params, largestBytes }: Wanted,
  work: (context: Context, services: () => Promise<unknown>) => Promise<{ result: Result; rows?: number }>,
): Promise<Result> {
  const known = typeof name === 'string' && name.length <= LONGEST_CAPABILITY;
  const domain = found && catalogue.domainOf(found);
  const call: Call = {
    ...request,
    kind,
    capability: known ? name : '[none]',
    listedAs: found?.name,
    scope: found && scopeOf(found),
    arguments: args,
    redactArguments: domain && ((given) => domain.redactArguments(given, found)),
    labels: found && domain?.labels?.of(args, found),
  };
  return guard.run(call, async (context): Promise<Answered<Result>> => {
    const input = params && readInput(params, request.meta);
    const openServices = async () => {
      const services = await domain?.services?.();
      // A call that waited longer than its caller must not begin to change anything now.
      context.signal.throwIfAborted();
      return services;
    };
    try {
      const { result, rows = 1 } = await work(input ? { ...context, input } : context, openServices);
      assertFits(result, largestBytes);
      return { result, rows };
    } catch (thrown) {
      if (!(thrown instanceof InputRequired)) throw thrown;
      return { result: toInputRequired(thrown, request.meta), rows: 0, inputRequired: true };
    }
  });
}

/** The scope that a capability needs; for a resource, that of its tool. */
export function scopeOf(capability: Capability): RequiredScope {
  return 'tool' in capability ? capability.tool.scope : capability.scope;
}

/** Names what there is instead, and no more of it than a list would. */
export function noSuch(kind: string, items: readonly (Tool | Prompt)[], caller: Caller): StewardError {
  const known = items.filter(({ scope }) => permits(caller, scope)).map(({ name }) => name);
  return new StewardError('NOT_FOUND', `There is no ${kind} of this name. There are: ${known.join(', ')}.`);
}
