import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { StewardError, type ErrorCode as StewardCode } from '../../errors.js';
import { errorData, SERVER_ERROR } from '../../server/rpc-error.js';

export interface RefusalOptions {
  /** A code of JSON-RPC 2.0, section 5.1. */
  rpcCode?: number;
  headers?: Record<string, string>;
  data?: Record<string, unknown>;
  /** For the log only. */
  cause?: unknown;
}

/** A request that is answered with an HTTP error. Its body is a JSON-RPC error, whatever the request was. */
export class HttpRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly options: RefusalOptions = {},
  ) {
    super(message, { cause: options.cause });
  }

  get body(): object {
    const { rpcCode = ErrorCode.InvalidRequest, data } = this.options;
    return {
      jsonrpc: '2.0',
      id: null,
      error: { code: rpcCode, message: this.message, ...(data && { data }) },
    };
  }
}

/** Statuses (RFC 9110, section 15.5; RFC 6585, section 4) of errors that are about the request as a whole. */
const STATUS: Partial<Record<StewardCode, number>> = {
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

/** The status of an answer with this error code, if any; 200 for what concerns the call alone. */
export function statusOf(code: unknown): number {
  return STATUS[code as StewardCode] ?? 200;
}

/** An error of the road as an HTTP refusal, for what happens before a request is read. */
export function refusalOf(error: StewardError): HttpRefusal {
  const data = errorData(error);
  return new HttpRefusal(statusOf(error.code), `${error.code}: ${error.message}`, {
    rpcCode: SERVER_ERROR,
    data,
    headers: retryAfter(data['retry_after_seconds']),
    cause: error.cause,
  });
}

/** RFC 9110, section 10.2.3. */
export function retryAfter(seconds: unknown): Record<string, string> {
  return typeof seconds === 'number' ? { 'retry-after': String(seconds) } : {};
}
