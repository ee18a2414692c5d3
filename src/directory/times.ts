/** `2026-05-01T09:00:00.000Z`, which a JavaScript date can hold; of the year 12026, BC or infinity none is. */
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Prisma Client makes an invalid date of a time that JavaScript has no date for. */
export function isOdd(time: Date): boolean {
  return Number.isNaN(time.getTime());
}

/** A time as an answer shows it: ISO 8601 in UTC, or what PostgreSQL wrote where JavaScript has no date for it. */
export function showTime(time: Date | string): string {
  if (typeof time !== 'string') return time.toISOString();
  const [, day, clock, era = ''] = /^(\d+-\d\d-\d\d) ([\d:.]+)\+00( BC)?$/.exec(time) ?? [];
  if (day === undefined) return time;
  const iso = `${day}T${clock}Z${era}`;
  return ISO.test(iso) ? new Date(iso).toISOString() : iso;
}

/** The date of a shown time; undefined where JavaScript has none. */
export function dateOf(shown: string): Date | undefined {
  return ISO.test(shown) ? new Date(shown) : undefined;
}
