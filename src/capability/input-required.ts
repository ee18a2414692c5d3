import { StewardError } from '../errors.js';
import { isObject } from '../json-object.js';

/** What a client can be asked for before a call goes on (specification 2026-07-28, basic/patterns/mrtr: input requests). */
export type InputRequest =
  | {
      method: 'elicitation/create';
      params: { mode: 'form'; message: string; requestedSchema: Record<string, unknown> };
    }
  | { method: 'sampling/createMessage'; params: Record<string, unknown> }
  | { method: 'roots/list'; params?: Record<string, unknown> };

export type InputRequests = Readonly<Record<string, InputRequest>>;

/**
 * Thrown by a handler that cannot go on without an answer of the client: the call ends, and the client sends it once more
 * with the answers. It is no error. Throw it where `context.input` is there: without it, no question reaches the client.
 */
export class InputRequired extends Error {
  override readonly name = 'InputRequired';

  /**
   * @param requests under keys of the handler's own, which the answers have, too
   * @param state comes back as it is, by way of the client: where a forged one could do harm, it must be sealed
   */
  constructor(
    readonly requests: InputRequests,
    readonly state?: string,
  ) {
    super('The call needs an answer of the client first.');
  }
}

/**
 * Thrown by a handler for a state that it did not give out, or gave out for something else: forged, altered or too old. It is
 * an error of the request, also where a tool is called (specification 2026-07-28, basic/patterns/mrtr: error handling).
 */
export class InvalidState extends StewardError {
  constructor(message: string) {
    super('VALIDATION', message);
  }
}

/** What a client must declare to be asked. */
const NEEDED = {
  'elicitation/create': { elicitation: { form: {} } },
  'sampling/createMessage': { sampling: {} },
  'roots/list': { roots: {} },
} satisfies Record<InputRequest['method'], object>;

/** The capabilities that a client lacks to be asked for all of this; undefined where it lacks none. */
export function findUndeclared(
  requests: InputRequests,
  capabilities: Record<string, unknown>,
): Record<string, object> | undefined {
  const undeclared = Object.values(requests)
    .filter(({ method }) => !declares(capabilities, method))
    .map(({ method }) => NEEDED[method]);
  return undeclared.length > 0 ? Object.assign({}, ...undeclared) : undefined;
}

/** Whether a client can be asked so. */
export function declares(capabilities: Record<string, unknown>, method: InputRequest['method']): boolean {
  const [name = ''] = Object.keys(NEEDED[method]);
  const declared = capabilities[name];
  if (!isObject(declared)) return false;
  // A client that names no mode of elicitation knows forms (specification 2026-07-28, client/elicitation).
  return method !== 'elicitation/create' || isObject(declared['form']) || !('url' in declared);
}
