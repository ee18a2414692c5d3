import type { NamedModel } from '../records.js';
import type { Question } from '../sql/question.js';

/** What is asked of a model now, in the zone that the caller named, or else in that of its database. */
export function questionOf(
  { source }: NamedModel,
  { time_zone: zone }: { time_zone?: string | undefined },
): Question {
  return { zone: zone ?? source.zone, now: new Date().toISOString() };
}
