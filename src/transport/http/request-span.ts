import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Tracing } from '../../observability/tracing.js';

/**
 * Answers a request within a span of its own (OpenTelemetry semantic conventions for HTTP, server), as a part of the trace
 * that its headers name. Where the client is, what it is and what it asks in the query are left out.
 */
export async function traced(
  tracing: Tracing,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<void>,
): Promise<void> {
  const { method = '_OTHER', headers } = request;
  const attributes = {
    'http.request.method': method,
    'http.route': path,
    'url.path': path,
    'url.scheme': 'http',
    'network.protocol.version': request.httpVersion,
  };
  await tracing.continuing(headers, () =>
    tracing.inSpan(`${method} ${path}`, attributes, async (span) => {
      await answer();
      if (!response.headersSent) return;
      span.set({ 'http.response.status_code': response.statusCode });
      if (response.statusCode >= 500) span.fail(String(response.statusCode));
    }),
  );
}
