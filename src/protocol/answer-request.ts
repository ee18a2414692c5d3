import type { JSONRPCMessage, JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Dispatch } from './dispatch.js';
import type { Request } from './method.js';
import type { RpcError } from './errors.js';

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
    return { jsonrpc: '2.0', id, error: toJsonRpc(error as RpcError) };
  }
}

function toJsonRpc({ code, message, data }: RpcError): { code: number; message: string; data?: unknown } {
  return { code, message, ...(data && { data }) };
}
