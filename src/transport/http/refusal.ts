import { ErrorCode, type RequestId } from '@modelcontextprotocol/sdk/types.js';
import { StewardError, type ErrorCode as StewardCode } from '../../errors.js';
import type { Era } from '../../protocol/eras.js';
import { errorData, MISSING_CAPABILITY, type ProtocolError } from '../../protocol/errors.js';

export interface RefusalOptions {
  /** Instead of the one that goes with the status. */
  code?: StewardCode;
  /** A code of JSON-RPC 2.0, section 5.1, or of MCP; `own`: MCP has none for it. */
  rpcCode?: number | 'own';
  /** Of the request that is refused, where it is known. */
  id?: RequestId | null;
  headers?: Record<string, string>;
  data?: Record<string, unknown>;
  /** For the log only. */
  cause?: unknown;
}

/** The codes of the statuses that this server chooses itself; all others are about the request's form. */
const CODE: Partial<Record<number, StewardCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  500: 'INTERNAL',
};

/** A request that is answered with an HTTP error. Its body is always a JSON-RPC error. */
export class HttpRefusal extends Error {
  readonly code: StewardCode;

  constructor(
    readonly status: number,
    message: string,
    readonly options: RefusalOptions = {},
  ) {
    const code = options.code ?? CODE[status] ?? 'VALIDATION';
    super(`${code}: ${message}`, { cause: options.cause });
    this.code = code;
  }

  bodyIn({ ownError, nullIds }: Era): object {
    const { rpcCode = ErrorCode.InvalidRequest, id = null, data } = this.options;
    const code = rpcCode === 'own' ? ownError : rpcCode;
    return {
      jsonrpc: '2.0',
      ...((id !== null || nullIds) && { id }),
      error: { code, message: this.message, data: { code: this.code, ...data } },
    };
  }
}

/** A request that is refused as a message of MCP (specification 2026-07-28, basic/transports/streamable-http). */
export function refuseRequest(id: RequestId, { message, code, rpcCode, data }: ProtocolError): HttpRefusal {
  return new HttpRefusal(400, message, { code, rpcCode, id, data });
}

/** Statuses (RFC 9110, section 15.5; RFC 6585, section 4) of errors that are about the request as a whole. */
const STATUS: Partial<Record<StewardCode, number>> = {
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

/** Statuses by JSON-RPC code in the modern era (specification 2026-07-28, basic/transports/streamable-http). */
export const MODERN_STATUS: Partial<Record<number, number>> = {
  [ErrorCode.MethodNotFound]: 404,
  [MISSING_CAPABILITY]: 400,
};

/** The status of an answer with this error code, if any; 200 for what concerns the call alone. */
export function statusOf(code: unknown): number {
  return STATUS[code as StewardCode] ?? 200;
}

/** Any error of the road as an HTTP refusal: for what happens before a request is read. */
export function toRefusal(error: unknown): HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  if (!(error instanceof StewardError))
    return new HttpRefusal(500, 'Something went wrong inside the server.', { cause: error });
  const data = errorData(error);
  return new HttpRefusal(statusOf(error.code), error.message, {
    code: error.code,
    rpcCode: 'own',
    data,
    headers: retryAfter(data.retry_after_seconds),
    cause: error.cause,
  });
}

/** RFC 9110, section 10.2.3. */
export function retryAfter(seconds: unknown): Record<string, string> {
  return typeof seconds === 'number' ? { 'retry-after': String(seconds) } : {};
}
