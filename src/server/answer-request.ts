import type { JSONRPCMessage, JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Dispatch } from './dispatch.js';
import type { Request } from './methods.js';
import { RpcError } from './rpc-error.js';

/**
 * Answers a request that stands alone, on no connection that would be worth a server of the SDK's: making one for each
 * request, which validates the message again and again, took longer than the rest of an empty call.
 */
export async function answerRequest(
  dispatch: Dispatch,
  { id, method, params = {} }: JSONRPCRequest,
  request: Request,
): Promise<JSONRPCMessage> {
  try {
    return { jsonrpc: '2.0', id, result: await dispatch(method, params, request) };
  } catch (error) {
    return { jsonrpc: '2.0', id, error: toJsonRpc(error) };
  }
}

function toJsonRpc(error: unknown): { code: number; message: string; data?: unknown } {
  // Whatever else it is, its words are not for callers.
  if (!(error instanceof RpcError)) throw error;
  const { code, message, data } = error;
  return { code, message, ...(data && { data }) };
}
