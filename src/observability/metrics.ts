import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Values that are read at each scrape, not counted as events. */
export interface Sources {
  /** By database. */
  connections(): Record<string, { inUse: number; idle: number; waiting: number; max: number }>;
  /** By what is kept in them. */
  caches(): Record<string, { hits: number; misses: number }>;
  callsInFlight(): number;
}

/** The labels of a counted call. `listedAs`: its name in the catalogue, where it has one. */
interface CountedCall {
  kind: string;
  listedAs: string | undefined;
}

/** In seconds: from what the cache answers to the longest deadline in use. */
const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Everything that Prometheus gets to see. Labels come from the catalogue, the routes and the lists of codes, never out of
 * a request, so however much is called, the number of series is bounded.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];

  readonly #calls = new Counter({
    name: 'steward_calls_total',
    help: 'Calls of tools, resources, prompts and completions, by how they ended: OK, CANCELLED or an error code',
    labelNames: ['kind', 'capability', 'outcome'],
    registers: this.#registers,
  });
  readonly #durations = new Histogram({
    name: 'steward_call_duration_seconds',
    help: 'How long calls took, from the guard to the answer',
    labelNames: ['kind', 'capability'],
    buckets: LATENCIES,
    registers: this.#registers,
  });
  readonly #refusals = new Counter({
    name: 'steward_refused_requests_total',
    help: 'Requests to /mcp that were turned away at the door, by the step that refused them',
    labelNames: ['step', 'code'],
    registers: this.#registers,
  });
  readonly #requests = new Counter({
    name: 'steward_http_requests_total',
    help: 'HTTP requests by path and status; status "none": the client did not wait for an answer',
    labelNames: ['path', 'status'],
    registers: this.#registers,
  });

  constructor(version: string) {
    collectDefaultMetrics({ register: this.#registry });
    const info = new Gauge({
      name: 'steward_info',
      help: 'Always 1; the label has the version that runs',
      labelNames: ['version'],
      registers: this.#registers,
    });
    info.set({ version }, 1);
  }

  /** Counts a call that is over. @param ms how long it took, in milliseconds; kept in seconds, as Prometheus has it */
  countCall({ kind, listedAs: capability = 'unknown' }: CountedCall, outcome: string, ms: number): void {
    this.#calls.inc({ kind, capability, outcome });
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
    this.#gauge(
      'steward_calls_in_flight',
      'Requests to /mcp that were let in and are not answered yet',
      callsInFlight,
    );
    const watchConnections = (name: string, help: string, of: 'inUse' | 'idle' | 'max' | 'waiting') =>
      this.#gaugeBy('database', name, help, () =>
        Object.entries(connections()).map(([database, use]) => [database, use[of]]),
      );
    watchConnections(
      'steward_database_connections_in_use',
      'Connections of the pool that are at work or being made',
      'inUse',
    );
    watchConnections(
      'steward_database_connections_idle',
      'Connections of the pool that have nothing to do',
      'idle',
    );
    watchConnections('steward_database_connections_max', 'How many connections the pool may have', 'max');
    watchConnections('steward_database_waiting', 'How many statements wait for a connection', 'waiting');
    this.#countByCache('steward_cache_hits_total', 'Look-ups that the cache answered', () =>
      Object.entries(caches()).map(([cache, { hits }]) => [cache, hits]),
    );
    this.#countByCache('steward_cache_misses_total', 'Look-ups for which the database was read', () =>
      Object.entries(caches()).map(([cache, { misses }]) => [cache, misses]),
    );
  }

  /** All of it, as Prometheus reads it (text exposition format 0.0.4). */
  async exposition(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #gauge(name: string, help: string, look: () => number): Gauge {
    return new Gauge({
      name,
      help,
      registers: this.#registers,
      collect() {
        this.set(look());
      },
    });
  }

  #gaugeBy(label: string, name: string, help: string, look: () => [of: string, value: number][]): Gauge {
    return new Gauge({
      name,
      help,
      labelNames: [label],
      registers: this.#registers,
      collect() {
        for (const [of, value] of look()) this.set({ [label]: of }, value);
      },
    });
  }

  #countByCache(name: string, help: string, look: () => [cache: string, count: number][]): Counter {
    return new Counter({
      name,
      help,
      labelNames: ['cache'],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [cache, count] of look()) this.inc({ cache }, count);
      },
    });
  }
}
