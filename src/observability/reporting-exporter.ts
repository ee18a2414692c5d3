import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { describeError, type Log } from './log.js';

type Done = Parameters<SpanExporter['export']>[1];

/** Logs when the collector can no longer be reached and when it can again, once each. What was lost meanwhile stays lost. */
export class ReportingExporter implements SpanExporter {
  #reachable = true;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly log: Log,
  ) {}

  export(spans: ReadableSpan[], done: Done): void {
    this.exporter.export(spans, (result) => {
      this.#report(result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  #report(error: Error | undefined): void {
    if (error && this.#reachable)
      this.log.warn('traces cannot be sent and are dropped', { cause: describeError(error) });
    if (!error && !this.#reachable) this.log.info('traces are sent again');
    this.#reachable = error === undefined;
  }
}
