import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Caller } from '../guard/call.js';
import type { Dispatch } from './dispatch.js';

/**
 * The SDK's server for a connection that stays and has one caller: it matches answers to requests, and ends those that
 * the client cancels. Every method but ping comes to the dispatch, not to what the SDK would answer by itself in the
 * words of its validation library.
 */
export class ConnectedServer extends Server {
  constructor(dispatch: Dispatch, caller: Caller, version: string) {
    super({ name: 'steward', version });
    this.removeRequestHandler('initialize');
    this.fallbackRequestHandler = async ({ method, params = {} }, { signal }) =>
      dispatch(method, params, { caller, signal });
  }

  /**
   * Tasks are not among the capabilities, so a request for one gets the result itself (specification 2025-11-25,
   * basic/utilities/tasks: task support and handling). The SDK would refuse the call.
   */
  protected override assertTaskHandlerCapability(): void {}
}
