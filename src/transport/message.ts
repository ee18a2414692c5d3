import {
  ErrorCode,
  JSONRPCMessageSchema,
  JSONRPCNotificationSchema,
  JSONRPCRequestSchema,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { isObject } from '../json-object.js';
import { CAPABILITIES } from '../protocol/envelope.js';
import { LEGACY } from '../protocol/eras.js';
import { ProtocolError, toRpcError } from '../protocol/errors.js';

const LONGEST_ECHO = 50;

/** The reason why something is not taken, without what stands there; and of the request, if it is one, its id. */
export interface Flaw {
  rpcCode: ErrorCode;
  why: string;
  id: RequestId | null;
}

export type FlawAnswer = ReturnType<typeof answerFlaw>;

/** Reads a JSON value as a message. */
export function readMessage(json: unknown): { message: JSONRPCMessage } | { flaw: Flaw } {
  const candidate = withoutFillers(json);
  const { data: message } = JSONRPCMessageSchema.safeParse(candidate);
  return message ? { message } : { flaw: findFlaw(candidate) };
}

export function isRequest(message: JSONRPCMessage): message is JSONRPCRequest {
  return 'method' in message && 'id' in message;
}

/** An answer is never answered: two that do not understand each other would go on for ever. */
export function looksLikeAnswer(json: unknown): boolean {
  const message = Object(json) as object;
  return !('method' in message) && ('result' in message || 'error' in message);
}

/** JSON-RPC 2.0, section 5.1: the id is null where it is not known. */
export function answerFlaw({ rpcCode, why, id }: Flaw) {
  return { jsonrpc: '2.0', id, error: toRpcError(new ProtocolError(rpcCode, why), LEGACY) } as const;
}

/**
 * Around the arguments, null is absent, and an empty list where an object belongs is an empty object: many clients fill
 * in the one, and PHP knows no other. The arguments themselves are read by their schema.
 */
function withoutFillers(json: unknown): unknown {
  if (!isObject(json) || !('params' in json)) return json;
  const params = withoutNulls(json['params']);
  if (!isObject(params)) return { ...json, params };
  if ('_meta' in params) params['_meta'] = withObjects(withoutNulls(params['_meta']), CAPABILITIES);
  return { ...json, params: withObjects(params, 'arguments', 'capabilities', 'inputResponses') };
}

function withObjects(value: unknown, ...names: string[]): unknown {
  if (isObject(value)) for (const name of names) if (isEmptyList(value[name])) value[name] = {};
  return value;
}

function withoutNulls(value: unknown): unknown {
  if (isEmptyList(value)) return {};
  if (!isObject(value)) return value ?? undefined;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A request that is wrong in its parameters alone is a request all the same (JSON-RPC 2.0, section 5.1). */
function findFlaw(json: unknown): Flaw {
  const schema = 'id' in Object(json) ? JSONRPCRequestSchema : JSONRPCNotificationSchema;
  const issues: Issue[] = schema.safeParse(json).error?.issues ?? [];
  const issue = issues.find(({ path }) => path[0] !== 'params');
  const id = requestId(json);
  if (issue || issues[0] === undefined) {
    const what = issue ? `: ${describeIssue(issue)}` : '';
    return { rpcCode: ErrorCode.InvalidRequest, why: `This is not a JSON-RPC 2.0 message${what}.`, id };
  }
  return { rpcCode: ErrorCode.InvalidParams, why: `${describeParameter(issues[0])}.`, id };
}

interface Issue {
  path: PropertyKey[];
  code: string;
  keys?: string[];
  expected?: string;
}

function describeIssue({ path, keys }: Issue): string {
  const at = path.join('.');
  if (keys) return `unknown member ${JSON.stringify(keys[0]?.slice(0, LONGEST_ECHO))}`;
  return at === '' ? 'it must be an object' : `${at} is missing or not what it has to be`;
}

function describeParameter({ path, expected }: Issue): string {
  const what = expected === 'object' || expected === 'record' ? 'a JSON object' : 'what MCP says of it';
  return `${path.join('.')} must be ${what}`;
}

function requestId(json: unknown): RequestId | null {
  const id = isObject(json) ? json['id'] : null;
  // A number beyond those that JavaScript knows exactly is another by now.
  return typeof id === 'string' || (typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER)
    ? id
    : null;
}
