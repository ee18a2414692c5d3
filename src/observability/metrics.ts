import { collectDefaultMetrics, Counter, Gauge, Histogram, register } from 'prom-client';

/** Values that are read at each scrape, not counted as events. */
export interface Sources {
  /** By database. */
  connections(): Record<string, Record<'inUse' | 'idle' | 'waiting' | 'max', number>>;
  /** By what is kept in them. */
  caches(): Record<string, Record<'hits' | 'misses', number>>;
  callsInFlight(): number;
}

/** The labels of a counted call. `listedAs`: its name in the catalogue, where it has one. */
interface CountedCall {
  kind: string;
  listedAs: string | undefined;
  labels?: Record<string, string> | undefined;
}

/** In seconds: from what the cache answers to the longest deadline in use. */
const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Everything that Prometheus gets to see, once in a process. Labels come from the catalogue, the routes and the lists of
 * codes, never out of a request, so however much is called, the number of series is bounded.
 */
export class Metrics {
  readonly #calls: Counter;
  readonly #durations = new Histogram({
    name: 'steward_call_duration_seconds',
    help: 'How long calls took, from the guard to the answer',
    labelNames: ['kind', 'capability'],
    buckets: LATENCIES,
  });
  readonly #refusals = new Counter({
    name: 'steward_refused_requests_total',
    help: 'Requests to /mcp that were turned away at the door, by the step that refused them',
    labelNames: ['step', 'code'],
  });
  readonly #requests = new Counter({
    name: 'steward_http_requests_total',
    help: 'HTTP requests by path and status; status "none": the client did not wait for an answer',
    labelNames: ['path', 'status'],
  });

  /** @param labels of counted calls, beyond those that every call has */
  constructor(version: string, labels: readonly string[]) {
    collectDefaultMetrics();
    this.#calls = new Counter({
      name: 'steward_calls_total',
      help: 'Calls of tools, resources, prompts and completions, by how they ended: OK, INPUT_REQUIRED, CANCELLED or an error code',
      labelNames: ['kind', 'capability', 'outcome', ...labels],
    });
    const help = 'Always 1; the label has the version that runs';
    new Gauge({ name: 'steward_info', help, labelNames: ['version'] }).set({ version }, 1);
  }

  /** Counts a call that is over. @param ms how long it took, in milliseconds; kept in seconds, as Prometheus has it */
  countCall(
    { kind, listedAs: capability = 'unknown', labels }: CountedCall,
    outcome: string,
    ms: number,
  ): void {
    this.#calls.inc({ ...labels, kind, capability, outcome });
    this.#durations.observe({ kind, capability }, ms / 1000);
  }

  /** Counts a request that admission refused, by the code of its error. */
  countRefusal(step: string, code: string): void {
    this.#refusals.inc({ step, code });
  }

  /** Counts an HTTP request that is dealt with. @param status undefined where it got no answer */
  countRequest(path: string, status: number | undefined): void {
    this.#requests.inc({ path, status: status ?? 'none' });
  }

  /** Adds what is looked at. To be called once, when there is something to look at. */
  watch({ connections, caches, callsInFlight }: Sources): void {
    const inFlight: Gauge = new Gauge({
      name: 'steward_calls_in_flight',
      help: 'Requests to /mcp that were let in and are not answered yet',
      collect: () => inFlight.set(callsInFlight()),
    });
    for (const [key, name, help] of [
      ['inUse', 'connections_in_use', 'Connections of the pool that are at work or being made'],
      ['idle', 'connections_idle', 'Connections of the pool that have nothing to do'],
      ['max', 'connections_max', 'How many connections the pool may have'],
      ['waiting', 'waiting', 'How many statements wait for a connection'],
    ] as const)
      look(Gauge, `steward_database_${name}`, help, 'database', connections, key);
    for (const [key, help] of [
      ['hits', 'Look-ups that the cache answered'],
      ['misses', 'Look-ups for which the database was read'],
    ] as const)
      look(Counter, `steward_cache_${key}_total`, help, 'cache', caches, key);
  }

  /** All of it, as Prometheus reads it (text exposition format 0.0.4). */
  async exposition(): Promise<{ contentType: string; body: string }> {
    return { contentType: register.contentType, body: await register.metrics() };
  }
}

/** Makes a metric that has the value `key` of each source, with the source's name as its label. */
function look<Key extends string>(
  Kind: typeof Gauge | typeof Counter,
  name: string,
  help: string,
  label: string,
  sources: () => Record<string, Record<Key, number>>,
  key: Key,
): void {
  const metric: Gauge | Counter = new Kind({
    name,
    help,
    labelNames: [label],
    collect() {
      metric.reset();
      for (const [of, values] of Object.entries(sources())) metric.inc({ [label]: of }, values[key]);
    },
  });
}
