import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { eventually } from './eventually.js';

export interface SpanSeen {
  name: string;
  /** 1 internal, 2 server, 3 client (OTLP, SpanKind). */
  kind: number;
  traceId: string;
  spanId: string;
  /** Empty for the root of a trace. */
  parentSpanId: string;
  attributes: Record<string, unknown>;
  failed: boolean;
}

type Attributes = { key: string; value: Record<string, unknown> }[];

type RawSpan = Omit<SpanSeen, 'attributes' | 'failed'> & {
  attributes: Attributes;
  status?: { code?: number };
};

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: Attributes };
    scopeSpans: { spans: RawSpan[] }[];
  }[];
}

/** An OpenTelemetry collector of a test's own: takes traces over OTLP/HTTP in JSON and keeps them. */
export class OtlpCollector {
  readonly spans: SpanSeen[] = [];
  readonly requests: { path: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  resource: Record<string, unknown> = {};
  readonly #server: http.Server;

  private constructor(
    private readonly answers: boolean,
    private readonly tls: https.ServerOptions | undefined,
  ) {
    const take: http.RequestListener = (request, response) => void this.#take(request, response);
    this.#server = tls ? https.createServer(tls, take) : http.createServer(take);
    // One that closes a connection which idles may do so while spans are on their way, and they are lost.
    this.#server.keepAliveTimeout = 0;
  }

  /** `answers: false` for one that takes requests and never answers; with `tls`, over HTTPS. */
  static async start({
    port = 0,
    answers = true,
    tls,
  }: { port?: number; answers?: boolean; tls?: https.ServerOptions } = {}): Promise<OtlpCollector> {
    const collector = new OtlpCollector(answers, tls);
    await new Promise<void>((resolve) => collector.#server.listen(port, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http${this.tls ? 's' : ''}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans, as soon as one of them is such. */
  async until(wanted: (span: SpanSeen) => boolean): Promise<SpanSeen[]> {
    await eventually(() => this.spans.some(wanted)).catch(() => {
      throw new Error(`not among ${JSON.stringify(this.spans.map(({ name }) => name))}`);
    });
    return this.spans;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { headers, url: path = '' } = request;
    const sent = await buffer(request);
    const body = (headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString();
    this.requests.push({ path, headers, body });
    if (!this.answers) return;
    for (const { resource, scopeSpans } of (JSON.parse(body) as ExportRequest).resourceSpans) {
      this.resource = plain(resource.attributes);
      for (const { attributes, status, ...span } of scopeSpans.flatMap(({ spans }) => spans)) {
        const parentSpanId = span.parentSpanId ?? '';
        this.spans.push({ ...span, parentSpanId, attributes: plain(attributes), failed: status?.code === 2 });
      }
    }
    response.setHeader('content-type', 'application/json').end('{}');
  }
}

const plain = (attributes: Attributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
