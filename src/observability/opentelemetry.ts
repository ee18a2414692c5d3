import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  ProxyTracerProvider,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span as OtelSpan,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { PrismaInstrumentation } from '@prisma/instrumentation';
import { describeError, type Log } from './log.js';
import type { Span, TraceCarrier, Tracing } from './tracing.js';

/** At the end of the process, the last spans may take this many milliseconds to be sent. */
const FLUSH_MS = 2000;

/**
 * Sends traces to an OpenTelemetry collector (OTLP over HTTP, as JSON), in batches, whenever it can be reached; no call
 * waits for it. The SDK reads what else its OTEL_ variables say, such as the sampler, by itself.
 */
export function startTracing(url: string, version: string, log: Log): Tracing {
  reportProblems(log);
  const provider = new NodeTracerProvider({
    resource: describeResource(version),
    spanProcessors: [new BatchSpanProcessor(new ReportingExporter(url, log))],
  });
  provider.register();
  tracePrisma(provider);
  // From here on, only the exporter's errors would be logged, again and again.
  diag.disable();
  const tracer = provider.getTracer('steward', version);
  return {
    continuing: (carrier, work) =>
      trace.getActiveSpan()
        ? work()
        : context.with(propagation.extract(context.active(), traceContext(carrier)), work),
    inSpan: (name, attributes, work) =>
      tracer.startActiveSpan(name, { kind: SpanKind.SERVER, attributes }, async (span) => {
        try {
          return await work(recorder(span));
        } finally {
          span.end();
        }
      }),
    async close() {
      // The exporter has already logged the spans that it could not send.
      await Promise.race([provider.shutdown().catch(() => {}), delay(FLUSH_MS)]);
    },
  };
}

/** Logs when the collector can no longer be reached and when it can again, once each. What was lost meanwhile stays lost. */
class ReportingExporter extends OTLPTraceExporter {
  #reachable = true;

  constructor(
    url: string,
    private readonly log: Log,
  ) {
    super({ url });
  }

  override export(spans: ReadableSpan[], done: Parameters<OTLPTraceExporter['export']>[1]): void {
    super.export(spans, (result) => {
      const { error } = result;
      if (error && this.#reachable)
        this.log.warn('traces cannot be sent and are dropped', { cause: describeError(error) });
      if (!error && !this.#reachable) this.log.info('traces are sent again');
      this.#reachable = error === undefined;
      done(result);
    });
  }
}

/** Reports an OTEL_ variable that the SDK cannot parse, instead of ignoring it. */
function reportProblems(log: Log): void {
  const report = (message: string) => void log.warn('opentelemetry', { cause: message });
  diag.setLogger({ error: report, warn: report, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);
}

/** The resource: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override the values set here. */
function describeResource(version: string) {
  const own = { 'service.name': 'steward', 'service.version': version, 'service.instance.id': randomUUID() };
  return defaultResource()
    .merge(resourceFromAttributes(own))
    .merge(detectResources({ detectors: [envDetector] }));
}

/**
 * Lets Prisma Client tell of its work within calls. What it does outside of them, for probes or at the start, would make
 * a trace of its own each time.
 */
function tracePrisma(provider: NodeTracerProvider): void {
  const nowhere = new ProxyTracerProvider();
  const instrumentation = new PrismaInstrumentation({ enabled: false });
  instrumentation.setTracerProvider({
    getTracer: (name) => (trace.getActiveSpan()?.isRecording() ? provider : nowhere).getTracer(name),
  });
  instrumentation.enable();
}

/** Baggage and all values that are no text are ignored. */
function traceContext({ traceparent, tracestate }: TraceCarrier): Record<string, string> {
  return {
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof tracestate === 'string' && { tracestate }),
  };
}

function recorder(span: OtelSpan): Span {
  return {
    set: (attributes) => void span.setAttributes(attributes),
    fail: (errorType) => {
      span.setAttribute('error.type', errorType);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
  };
}
