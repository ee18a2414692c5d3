import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';

/**
 * Has a server of its own answer one request. When the signal is aborted, because the client hung up, the server is told
 * that its connection closed, which stops the work.
 * @returns undefined where nobody waits for an answer any more
 */
export async function exchange(
  server: Server,
  request: JSONRPCRequest,
  signal: AbortSignal,
): Promise<JSONRPCMessage | undefined> {
  const transport = new SingleExchange();
  const hangUp = () => void transport.close();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    await server.connect(transport);
    transport.onmessage?.(request);
    if (signal.aborted) hangUp();
    return await transport.answer;
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
}

class SingleExchange implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;

  #settle: (answer: JSONRPCMessage | undefined) => void = () => {};
  readonly answer = new Promise<JSONRPCMessage | undefined>((resolve) => (this.#settle = resolve));

  async start(): Promise<void> {}

  /** Answers are plain JSON, so there is no stream that a notification could go to. */
  async send(message: JSONRPCMessage): Promise<void> {
    if (!('method' in message)) this.#settle(message);
  }

  async close(): Promise<void> {
    this.onclose?.();
    this.#settle(undefined);
  }
}
