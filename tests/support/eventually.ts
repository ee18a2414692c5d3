import { setTimeout } from 'node:timers/promises';

const BETWEEN_LOOKS_MS = 20;

/**
 * Looks again and again, and gives what was found as soon as that is neither false nor undefined.
 * @throws Error where it was not found `withinMs`, and at once any error of `look`
 */
export async function eventually<Found>(
  look: () => Promise<Found> | Found,
  withinMs = 15_000,
): Promise<Exclude<Found, false | undefined>> {
  const giveUp = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== false && found !== undefined) return found as Exclude<Found, false | undefined>;
    if (Date.now() > giveUp) throw new Error(`Not within ${withinMs} ms: ${String(look)}`);
    await setTimeout(BETWEEN_LOOKS_MS);
  }
}
