import type { Config } from '../settings/config.js';
import type { Log } from '../observability/log.js';
import { UNTRACED, type Tracing } from '../observability/tracing.js';
import { VERSION } from '../version.js';

/** Traces to where the configuration says. Where it does not, nothing of OpenTelemetry is loaded. */
export async function openTracing({ tracesUrl }: Config, log: Log): Promise<Tracing> {
  if (tracesUrl === undefined) return UNTRACED;
  const { startTracing } = await import('../observability/opentelemetry.js');
  return startTracing(tracesUrl, VERSION, log);
}
