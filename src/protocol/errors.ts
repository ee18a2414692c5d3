import { ErrorCode, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { StewardError, type ErrorCode as StewardCode } from '../errors.js';
import type { Scope } from '../capability/define.js';
import type { Era } from './eras.js';

/** Errors that the specification of 2026-07-28 defines (basic: error codes). */
export const HEADER_MISMATCH = -32020;
export const MISSING_CAPABILITY = -32021;
export const UNSUPPORTED_VERSION = -32022;

/**
 * A request that is wrong as a message of MCP, whatever it asks for. It is answered with a JSON-RPC error, also where a tool
 * is called, with the code and the data that the specification gives it.
 */
export class ProtocolError extends StewardError {
  constructor(
    readonly rpcCode: number,
    message: string,
    readonly data: Record<string, unknown> = {},
    code: StewardCode = 'VALIDATION',
  ) {
    super(code, message);
  }
}

/** The fields of an error that a program can use without reading its text. */
export interface ErrorData extends Record<string, unknown> {
  code: string;
  retry_after_seconds?: number;
  /** The scope that is missing; several, where all of them are needed, with spaces between. */
  scope?: Scope;
}

/** A StewardError as JSON-RPC carries it (JSON-RPC 2.0, section 5.1), for all that has no result to put it into. */
export function toRpcError(error: StewardError, era: Era, method = '') {
  const { code, message } = error;
  return { code: rpcCodeOf(error, era, method), message: `${code}: ${message}`, data: errorData(error) };
}

/** The key of errorData in the result of a tool call. */
export const ERROR_META = 'steward/error';

/** Returns an error's fields for programs: its code, and the wait, the missing scope or the protocol's own data, if any. */
export function errorData(error: StewardError): ErrorData {
  const { code, options } = error;
  return {
    code,
    ...(error instanceof ProtocolError && error.data),
    ...(options.retryAfterSeconds !== undefined && { retry_after_seconds: options.retryAfterSeconds }),
    ...(options.scope !== undefined && { scope: options.scope }),
  };
}

/** The errorData of an answer, in either form; empty for an answer that is no error. */
export function errorDataOf(answer: JSONRPCMessage | { error: { data: ErrorData } }): Partial<ErrorData> {
  if ('error' in answer) return answer.error.data ?? {};
  if ('result' in answer) return answer.result._meta?.[ERROR_META] ?? {};
  return {};
}

function rpcCodeOf(error: StewardError, { notFound, ownError }: Era, method: string): number {
  if (error instanceof ProtocolError) return error.rpcCode;
  const { code } = error;
  if (code === 'VALIDATION') return ErrorCode.InvalidParams;
  if (code === 'NOT_FOUND') return notFound[method] ?? ErrorCode.InvalidParams;
  if (code === 'INTERNAL') return ErrorCode.InternalError;
  return ownError;
}
