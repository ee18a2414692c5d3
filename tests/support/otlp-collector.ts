import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

export interface SpanSeen {
  scope: string;
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

interface KeyValue {
  key: string;
  value: Record<string, unknown>;
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { scope: { name: string }; spans: RawSpan[] }[];
  }[];
}

interface RawSpan extends Omit<SpanSeen, 'scope' | 'attributes' | 'failed'> {
  attributes: KeyValue[];
  status?: { code?: number };
}

/** An OpenTelemetry collector of a test's own: takes traces over OTLP/HTTP in JSON and keeps them. */
export class OtlpCollector {
  readonly spans: SpanSeen[] = [];
  readonly requests: { path: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  resource: Record<string, unknown> = {};
  #server: http.Server;

  private constructor(private readonly answers: boolean) {
    this.#server = http.createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        this.requests.push({ path: request.url ?? '', headers: request.headers, body });
        if (!this.answers) return;
        this.#keep(JSON.parse(body) as ExportRequest);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
  }

  /** `answers: false` for one that takes requests and never answers. */
  static async start({ port = 0, answers = true } = {}): Promise<OtlpCollector> {
    const collector = new OtlpCollector(answers);
    await new Promise<void>((resolve) => collector.#server.listen(port, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
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

  #keep({ resourceSpans }: ExportRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = plain(resource.attributes);
      for (const { scope, spans } of scopeSpans) {
        for (const { attributes, status, ...span } of spans) {
          const seen = { ...span, parentSpanId: span.parentSpanId ?? '', attributes: plain(attributes) };
          this.spans.push({ ...seen, scope: scope.name, failed: status?.code === 2 });
        }
      }
    }
  }
}

function plain(attributes: KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
