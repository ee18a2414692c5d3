type Params = Record<string, unknown>;

/** What is done at a message of the client. Where it is a request, its answer is empty. */
export type Handlers = Record<string, (params: Params) => void>;

/** Of JSON-RPC 2.0. */
const METHOD_NOT_FOUND = -32601;

/**
 * The client that shows this page: JSON-RPC 2.0 over postMessage (MCP Apps 2026-01-26, communication protocol). The library
 * `@modelcontextprotocol/ext-apps` would be most of the page.
 */
export class Host {
  #lastId = 0;
  readonly #waiting = new Map<unknown, { resolve(result: Params): void; reject(error: Error): void }>();

  constructor(private readonly handlers: Handlers) {
    window.addEventListener('message', ({ source, data }: MessageEvent<unknown>) => {
      if (source === window.parent) this.#receive(Object(data) as Params);
    });
  }

  /** @throws Error in the words of the client */
  request(method: string, params: Params = {}): Promise<Params> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#send({ id, method, params });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  notify(method: string, params: Params = {}): void {
    this.#send({ method, params });
  }

  #receive({ id, method, params, result, error }: Params): void {
    if (typeof method === 'string') {
      const handle = Object.hasOwn(this.handlers, method) ? this.handlers[method] : undefined;
      handle?.(Object(params) as Params);
      if (id === undefined) return;
      const unknown = { code: METHOD_NOT_FOUND, message: 'This page does not know the method.' };
      this.#send({ id, ...(handle ? { result: {} } : { error: unknown }) });
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(Object(result) as Params);
    else waiting?.reject(new Error(String((Object(error) as Params)['message'])));
  }

  /** To any origin: a page in a sandbox does not know that of its client. What it sends is no secret of others. */
  #send(message: Params): void {
    window.parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
  }
}
