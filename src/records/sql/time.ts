import { raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Value } from '../filter/condition.js';
import type { Comparison } from '../filter/syntax.js';
import type { Question } from './question.js';

/** On a timestamp, a day means all of it: `= 2026-05-01` is from its first moment to before the next day's. */
export function compareTime(
  column: Sql,
  native: string | undefined,
  operator: Comparison,
  value: Value,
  question: Question,
): Sql {
  if (value.kind === 'exact') return sql`${column} ${sign(operator)} ${value.text}`;
  if (value.kind !== 'day' || native === 'Date')
    return sql`${column} ${sign(operator)} ${moment(value, native, question)}`;
  const start = moment(value, native, question);
  const end = moment({ kind: 'day', text: value.text }, native, question, 1);
  switch (operator) {
    case '=':
      return sql`(${column} >= ${start} and ${column} < ${end})`;
    case '!=':
      return sql`not (${column} >= ${start} and ${column} < ${end})`;
    case '<':
      return sql`${column} < ${start}`;
    case '<=':
      return sql`${column} < ${end}`;
    case '>':
      return sql`${column} >= ${end}`;
    case '>=':
      return sql`${column} >= ${start}`;
  }
}

/** A value as one of the column's type. Prisma's timestamps without a zone are UTC. */
function moment(value: Value, native: string | undefined, { zone, now }: Question, addedDays = 0): Sql {
  if (native === 'Date') {
    if (value.kind !== 'distance') return sql`${'text' in value ? value.text : ''}::date`;
    return value.isElapsed
      ? sql`((${now}::timestamptz + ${value.interval}::interval) at time zone ${zone})::date`
      : sql`((${now}::timestamptz at time zone ${zone}) + ${value.interval}::interval)::date`;
  }
  const point = (): Sql => {
    switch (value.kind) {
      case 'distance':
        return value.isElapsed
          ? sql`(${now}::timestamptz + ${value.interval}::interval)`
          : sql`(((${now}::timestamptz at time zone ${zone}) + ${value.interval}::interval) at time zone ${zone})`;
      case 'local':
        return sql`(${value.text}::timestamp at time zone ${zone})`;
      case 'day': {
        // Where a clock goes back over midnight, a day begins at the first of two; PostgreSQL takes the second.
        const start = sql`(${value.text}::date + ${addedDays}::int)::timestamp`;
        const hourLater = sql`(${start} - interval '1 hour') at time zone ${zone} + interval '1 hour'`;
        return sql`least(${start} at time zone ${zone}, ${hourLater})`;
      }
      default:
        return sql`${value.text}::timestamptz`;
    }
  };
  return native === 'Timestamptz' ? point() : sql`(${point()} at time zone 'UTC')`;
}

export function sign(operator: Comparison): Sql {
  return raw(operator === '!=' ? '<>' : operator);
}
