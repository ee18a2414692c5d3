/** The attributes of a span, named by OpenTelemetry's semantic conventions. Never a value that a caller gave. */
export type Attributes = Record<string, string | number>;

export interface Span {
  set(attributes: Attributes): void;
  /** Marks it as failed, and says by which kind of error. */
  fail(errorType: string): void;
}

/** The carrier of a request's trace context, as traceparent and tracestate (W3C Trace Context, section 3). */
export type TraceCarrier = Readonly<Record<string, unknown>>;

/** Records what takes how long, and as a part of what. */
export interface Tracing {
  /** Does the work as a part of the trace that the carrier names, unless it is a part of one already. */
  continuing<Result>(carrier: TraceCarrier, work: () => Promise<Result>): Promise<Result>;
  /** Does the work in a span of its own, as whose part all spans begin that come of it. */
  inSpan<Result>(
    name: string,
    attributes: Attributes,
    work: (span: Span) => Promise<Result>,
  ): Promise<Result>;
  /** Sends what was not sent yet, as far as that can be done in a moment. */
  close(): Promise<void>;
}

const NO_SPAN: Span = { set() {}, fail() {} };

/** Records nothing. */
export const UNTRACED: Tracing = {
  continuing: (_carrier, work) => work(),
  inSpan: (_name, _attributes, work) => work(NO_SPAN),
  close: async () => {},
};
