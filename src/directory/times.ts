/** As PostgreSQL writes a time in UTC: milliseconds without zeros at their end. */
const WRITTEN = /^(\d+-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?\+00( BC)?$/;

/** Prisma Client makes an invalid date of a time that JavaScript has no date for. */
export function isOdd(time: Date): boolean {
  return Number.isNaN(time.getTime());
}

/** A time as an answer shows it: ISO 8601 in UTC, with `BC` after it where that is so, or what PostgreSQL wrote (infinity). */
export function showTime(time: Date | string): string {
  if (typeof time !== 'string') return time.toISOString();
  const [, day, clock, fraction = '', era = ''] = WRITTEN.exec(time) ?? [];
  return day === undefined ? time : `${day}T${clock}.${fraction.padEnd(3, '0')}Z${era}`;
}
