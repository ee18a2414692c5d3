import { Server, type ServerOptions } from '@modelcontextprotocol/sdk/server/index.js';
import type { Implementation } from '@modelcontextprotocol/sdk/types.js';

/**
 * The SDK's server without what it would answer by itself, in the words of its validation library: every method but ping
 * comes to the fallback handler.
 */
export class SdkServer extends Server {
  constructor(serverInfo: Implementation, options: ServerOptions) {
    super(serverInfo, options);
    this.removeRequestHandler('initialize');
  }

  /**
   * Tasks are not among the capabilities, so whoever asks for one gets the answer itself (specification 2025-11-25,
   * basic/utilities/tasks: task support and handling). The SDK would refuse the call.
   */
  protected override assertTaskHandlerCapability(): void {}
}
