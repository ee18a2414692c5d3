import { ErrorCode, type Result } from '@modelcontextprotocol/sdk/types.js';
import type { ClientInput } from '../capability/define.js';
import { findUndeclared, type InputRequired } from '../capability/input-required.js';
import { StewardError } from '../errors.js';
import { isObject } from '../json-object.js';
import { MISSING_CAPABILITY, ProtocolError } from './errors.js';
import type { RequestMeta } from './envelope.js';

/**
 * Reads what the client answered, from the parameters of a method that may ask (specification 2026-07-28,
 * basic/patterns/mrtr); undefined for a revision that cannot ask. What answers nothing here is left to the handler to ignore.
 * @throws ProtocolError -32602
 */
export function readInput(
  { inputResponses: responses, requestState: state }: Record<string, unknown>,
  meta: RequestMeta | undefined,
): ClientInput | undefined {
  if (!meta) return undefined;
  if (responses !== undefined && !(isObject(responses) && Object.values(responses).every(isObject)))
    throw new ProtocolError(
      ErrorCode.InvalidParams,
      'inputResponses: must be an object with an answer, itself an object, for each key of inputRequests.',
    );
  if (state !== undefined && typeof state !== 'string')
    throw new ProtocolError(ErrorCode.InvalidParams, 'requestState: must be the text that it was given as.');
  return { capabilities: meta.capabilities, responses, state };
}

/**
 * The result that asks the client (specification 2026-07-28, basic/patterns/mrtr: InputRequiredResult).
 * @throws ProtocolError -32021 where the client does not declare what it would be asked for; StewardError FORBIDDEN where its
 * revision has no such result
 */
export function toInputRequired({ requests, state }: InputRequired, meta: RequestMeta | undefined): Result {
  if (!meta)
    throw new StewardError(
      'FORBIDDEN',
      'This cannot go on without an answer of the user, and no revision of MCP before 2026-07-28 can ask for it here. Nothing was done.',
    );
  const undeclared = findUndeclared(requests, meta.capabilities);
  if (undeclared)
    throw new ProtocolError(
      MISSING_CAPABILITY,
      `This needs a client that declares ${Object.keys(undeclared).join(', ')} among its capabilities. Nothing was done.`,
      { requiredCapabilities: undeclared },
    );
  return {
    resultType: 'input_required',
    ...(Object.keys(requests).length > 0 && { inputRequests: requests }),
    ...(state !== undefined && { requestState: state }),
  };
}
