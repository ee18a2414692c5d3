import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeError, type Log } from '../../observability/log.js';
import { Connections } from './connections.js';
import { checkOrigin, preflightHeaders, type OriginPolicy } from './origin.js';
import { eraOfVersion, LEGACY } from '../../protocol/eras.js';
import { HttpRefusal, toRefusal } from './refusal.js';
import type { Tracing } from '../../observability/tracing.js';
import { reply } from './reply.js';
import { traced } from './request-span.js';

export interface Route {
  method: 'GET' | 'POST';
  /** For probes and scrapers. They come by address and from no page: Host and Origin are not looked at. No trace is kept. */
  aside?: true;
  /** Any web page may read what is answered here: it is no secret. */
  anyOrigin?: true;
  /**
   * Answers, with the headers given besides its own.
   * @param admitted to be called when it is known who asks, if that is asked
   */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
    admitted: () => void,
  ): Promise<void>;
}

/** Callbacks that observe requests. */
export interface Observers {
  /** Called after each request with its path ("other" if there is no route) and the status of its response, if it got one. */
  answered?: ((path: string, status: number | undefined) => void) | undefined;
  tracing: Tracing;
}

/** Time limits on clients, in milliseconds. */
const TIME_LIMITS = {
  headersTimeout: 5000,
  /** For the whole request, headers and body. */
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  /** The interval at which the limits above are checked. */
  connectionsCheckingInterval: 1000,
};
/** For a client that does not take its answer off the wire, in milliseconds; longer than any request may take. */
const STALLED_SOCKET_MS = 120_000;
/** Milliseconds for a refused client to read the reason, and for a silent one to send when the server stops. */
const LINGER_MS = 1000;

/** Routes on Node's own HTTP server. */
export class HttpServer {
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #underWay = new Set<ServerResponse>();

  constructor(
    private readonly routes: ReadonlyMap<string, Route>,
    private readonly policy: OriginPolicy,
    private readonly log: Log,
    private readonly observers: Observers,
    mostConnections: number,
  ) {
    this.#connections = new Connections(mostConnections, log);
    // A request without a Host is refused here, in the form of all other errors.
    const options = { ...TIME_LIMITS, requireHostHeader: false };
    this.#server = createServer(options, (request, response) => void this.#receive(request, response));
    this.#server.setTimeout(STALLED_SOCKET_MS);
    // Who reads the body asks for it, so that no client sends one that is refused (RFC 9110, section 10.1.1).
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      closeAfterwards(response);
      void this.#receive(request, response);
    });
    this.#server.on('clientError', (error, socket) => this.#refuseGarbage(error, socket));
    this.#server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
      this.#refuse(request, response, {}, new HttpRefusal(417, 'No Expect but 100-continue is met here.')),
    );
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#forget(socket));
    });
  }

  /** @returns the port, which is chosen by the system where `port` is 0 */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    this.#server.on('error', (error) => this.log.error('http server error', { cause: describeError(error) }));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more connections, and resolves when all are closed; those still busy after `graceMs` are cut. */
  async close(graceMs: number): Promise<void> {
    this.#underWay.forEach(closeAfterwards);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const silent = setTimeout(() => this.#hangUpOnTheSilent(), LINGER_MS);
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(silent);
    clearTimeout(timer);
  }

  /**
   * Of the requests that came behind each other on a connection, Node closes only the response whose turn it was when the
   * connection ends. Otherwise the server would work without a reader and keep the others for ever.
   */
  #forget(socket: Socket): void {
    for (const response of this.#underWay) {
      if (response.socket !== null || response.req.socket !== socket) continue;
      response.destroy();
      response.emit('close');
    }
  }

  /** To Node, a connection on which nothing has come yet is not idle, and once the server closes it may stay so for ever. */
  #hangUpOnTheSilent(): void {
    const busy = new Set([...this.#underWay].map(({ socket }) => socket));
    for (const socket of this.#connections) if (!busy.has(socket)) socket.destroy();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // RFC 9112, section 3.2.2: the whole URL may stand there.
    const whole = (request.url ?? '').replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
    // Some clients end every address with a slash, and follow no redirect.
    const path = whole.replace(/(?<=.)\/$/, '');
    const route = this.routes.get(path);
    const answer = () => this.#answer(route, request, response);
    if (!route || route.aside) await answer();
    else await traced(this.observers.tracing, path, request, response, answer);
    this.observers.answered?.(route ? path : 'other', response.headersSent ? response.statusCode : undefined);
  }

  async #answer(route: Route | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let headers: Record<string, string> = {};
    this.#underWay.add(response);
    response.once('close', () => this.#underWay.delete(response));
    if (!this.#server.listening) closeAfterwards(response);
    try {
      if (!route) throw this.#nothingHere();
      if (route.anyOrigin) headers = { 'access-control-allow-origin': '*' };
      if (!route.aside) headers = checkOrigin(request, this.policy);
      if (request.method === 'OPTIONS')
        reply(response, 204, undefined, { ...headers, ...preflightHeaders(route.method, request) });
      else if (!answers(route, request.method)) throw notAllowed(route);
      else await route.handle(request, response, headers, () => this.#connections.known(request.socket));
    } catch (error) {
      this.#refuse(request, response, headers, error);
    }
  }

  #nothingHere(): HttpRefusal {
    const [first] = this.routes.keys();
    return new HttpRefusal(404, `There is nothing at this path. MCP is served at ${first}.`);
  }

  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
    error: unknown,
  ): void {
    const refusal = toRefusal(error);
    this.log.log({
      level: refusal.status === 500 ? 'error' : 'info',
      message: 'request refused',
      status: refusal.status,
      method: request.method,
      reason: refusal.message,
      peer: request.socket.remoteAddress,
      ...(refusal.cause !== undefined && { cause: describeError(refusal.cause) }),
    });
    if (response.headersSent) return void response.destroy();
    const body = refusal.bodyIn(eraOfVersion(request.headers['mcp-protocol-version']));
    reply(response, refusal.status, body, { ...headers, ...refusal.options.headers });
  }

  /** Answers what Node could not read as HTTP, or not in time, in the form of all other errors, and hangs up. */
  #refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
    const answering = [...this.#underWay].some(
      (response) => response.socket === socket && response.req.complete,
    );
    // It came behind a request that is being answered, and would be taken for its answer.
    if (answering || error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const [status, message] = CLIENT_ERRORS[error.code ?? ''] ?? ['400 Bad Request', 'This is not HTTP.'];
    const body = JSON.stringify(new HttpRefusal(400, message).bodyIn(LEGACY));
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    // Node reports a slow sender once, and would listen to it for as long as it goes on.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }
}

function answers({ method }: Route, asked: string | undefined): boolean {
  return asked === method || (asked === 'HEAD' && method === 'GET');
}

/** For a connection that its client would keep open while the server ends, and one where a body may follow. */
function closeAfterwards(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  // The headers of a stream, which have said nothing of that, are gone.
  if (response.headersSent) response.once('finish', () => response.req.socket.destroySoon());
}

/** RFC 9110, section 15.5.6: what is allowed instead is named. */
function notAllowed({ method }: Route): HttpRefusal {
  return new HttpRefusal(405, `Only ${method} is answered here.`, { headers: { allow: method } });
}

const CLIENT_ERRORS: Record<string, [status: string, message: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to come in.'],
};
