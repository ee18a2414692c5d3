import type { ServerResponse } from 'node:http';

/**
 * An answer that becomes a stream of events with the first message before it (specifications 2025-11-25, basic/transports,
 * and 2026-07-28, basic/transports/streamable-http). Nothing is kept for a client that was cut off and comes back: events
 * have no ids.
 */
export class AnswerStream {
  #begun = false;

  /** @param headers of the response, besides its own */
  constructor(
    private readonly response: ServerResponse,
    private readonly headers: Record<string, string>,
  ) {}

  /** True if the answer must be sent with `end`. */
  get begun(): boolean {
    return this.#begun;
  }

  readonly notify = (method: string, params: Record<string, unknown>): void => {
    if (!this.#begun && !this.response.destroyed)
      this.response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        // nginx would keep the events until the answer.
        'x-accel-buffering': 'no',
        ...this.headers,
      });
    this.#begun = true;
    this.#send({ jsonrpc: '2.0', method, params });
  };

  end(answer: object): void {
    this.#send(answer);
    this.response.end();
  }

  #send(message: object): void {
    if (!this.response.destroyed) this.response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }
}
