import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { parseExposition } from '../../support/exposition.js';
import { bearing } from '../../support/http.js';
import type { OverHttp } from './site.js';

const METRICS_TOKEN = 'resilience-and-nothing-else';
const SAMPLES = 5;

/** The environment of a process whose vital signs are read. */
export const OBSERVED = {
  METRICS_TOKEN,
  NODE_OPTIONS: `--import=${new URL('collect-garbage.mjs', import.meta.url).href}`,
};

/** Memory in use after a garbage collection, in MB: the median of a few samples, as calls are under way. */
export async function memoryOf(steward: OverHttp): Promise<number> {
  const samples: number[] = [];
  for (let n = 0; n < SAMPLES; n += 1) {
    process.kill(steward.pid, 'SIGUSR2');
    await setTimeout(100);
    const bytes = await metricsOf(steward, 'nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes');
    samples.push(bytes.reduce((sum, part) => sum + part) / 2 ** 20);
  }
  return samples.toSorted((a, b) => a - b)[Math.floor(SAMPLES / 2)] ?? NaN;
}

/** The requests that a process has admitted and not answered. */
export async function inFlight(steward: OverHttp): Promise<number | undefined> {
  return (await metricsOf(steward, 'steward_calls_in_flight'))[0];
}

/** The sockets that a process has open, as the system counts them. */
export function socketsOf({ pid }: OverHttp): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((descriptor) => {
    try {
      return readlinkSync(`${folder}/${descriptor}`).startsWith('socket:');
    } catch {
      return false; // It was closed meanwhile.
    }
  }).length;
}

async function metricsOf({ http }: OverHttp, ...names: string[]): Promise<number[]> {
  const { text } = await http.send({ method: 'GET', path: '/metrics', ...bearing(METRICS_TOKEN) });
  const families = parseExposition(text);
  return names.map((name) => families.get(name)?.samples[0]?.value ?? NaN);
}
