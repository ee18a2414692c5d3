import net from 'node:net';
import type { ViewColumn } from '../view/view.js';
import { suggest } from '../../capability/nearest.js';
import type { Value } from './condition.js';
import { refuse } from '../argument.js';
import type { Literal } from './syntax.js';

const NAMED_VALUES = 20;

/**
 * Reads a value as one of the column's type. Nothing is rounded or cut to make it fit.
 * @throws StewardError VALIDATION saying what the column takes
 */
export function readValue(column: ViewColumn, literal: Literal, argument: string): Value {
  const { quoted } = literal;
  const text = textFor(column, literal);
  const fail = (what: string): never =>
    refuse(`'${column.name}' takes ${what}, not '${text.slice(0, 50)}'.`, literal, argument);
  if (!quoted && text.toLowerCase() === 'null')
    refuse(`Nothing equals null. Write ${column.name} is null, or 'null' in quotes.`, literal, argument);
  switch (column.type) {
    case 'String':
      if (column.native === 'Inet' && !isAddress(text)) fail('an IP address or network');
      if (column.native === 'Uuid' && !UUID.test(text)) fail('a UUID');
      if (column.native === 'Bit' || column.native === 'VarBit')
        return /^[01]*$/.test(text) ? exact(text) : fail('bits, 0 and 1');
      return exact(text);
    case 'Int':
    case 'BigInt':
      return readInteger(column, text) ?? fail(`a whole number${describeRange(column)}`);
    case 'Float':
      return FLOAT.test(text) && isFloat(text, column) ? exact(text) : fail('a number');
    case 'Decimal':
      // PostgreSQL would round the rest of an amount away.
      if (column.native === 'Money' && !MONEY.test(text)) fail('an amount such as 1234.50');
      return FLOAT.test(text) ? exact(text) : fail('a decimal number');
    case 'Boolean':
      return /^(true|false)$/i.test(text) ? exact(text.toLowerCase()) : fail('true or false');
    case 'DateTime':
      return readTime(column, text) ?? fail(describeTime(column));
    case 'Enum': {
      const values = column.values?.values ?? [];
      const value =
        values.find(({ name }) => name === text) ??
        values.find(({ name }) => name.toLowerCase() === text.toLowerCase());
      if (value) return exact(value.stored);
      const names = values.map(({ name }) => name);
      const listed = names.slice(0, NAMED_VALUES).join(', ');
      return refuse(
        `'${column.name}' is one of ${listed}${names.length > NAMED_VALUES ? ' …' : ''}, not '${text.slice(0, 50)}'.${suggest(text, names)}`,
        literal,
        argument,
      );
    }
    case 'Json':
      return exact(text);
    case 'Bytes':
      return refuse(`'${column.name}' holds bytes: only is null can be asked of it.`, literal, argument);
  }
}

/** The text of a value that is compared with the column. */
export function textFor(column: ViewColumn, { text, sample }: Literal): string {
  return sample?.(column) ?? text;
}

function isAddress(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = address.includes('%') ? 0 : net.isIP(address);
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128);
}

const UUID = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i;
const MONEY = /^[+-]?\d{1,17}(\.\d{1,2})?$/;
const FLOAT = /^([+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,4})?|nan|[+-]?infinity)$/i;

function exact(text: string): Value {
  return { kind: 'exact', text };
}

/** A number that JavaScript would make infinite or zero is none that a float can hold. */
function isFloat(text: string, { native }: ViewColumn): boolean {
  const value = native === 'Real' ? Math.fround(Number(text)) : Number(text);
  return (
    /[a-df-z]/i.test(text) ||
    (Number.isFinite(value) && (value !== 0 || !/[1-9]/.test(text.replace(/e.*/i, ''))))
  );
}

function rangeOf({ type, native }: ViewColumn): [bigint, bigint] {
  if (type === 'BigInt') return [-(2n ** 63n), 2n ** 63n - 1n];
  if (native === 'SmallInt') return [-(2n ** 15n), 2n ** 15n - 1n];
  if (native === 'Oid') return [0n, 2n ** 32n - 1n];
  return [-(2n ** 31n), 2n ** 31n - 1n];
}

function describeRange(column: ViewColumn): string {
  const [least, most] = rangeOf(column);
  return ` from ${least} to ${most}`;
}

function readInteger(column: ViewColumn, text: string): Value | undefined {
  if (!/^[+-]?\d{1,30}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  const [least, most] = rangeOf(column);
  return value >= least && value <= most ? exact(String(value)) : undefined;
}

const DAY = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/;
const TIME_OF_DAY = /^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?|24:00(:00(\.0{1,6})?)?)$/;
const MOMENT = /^(\d{4,6}-\d\d-\d\d)[T ]([\d:.]+)(Z|[+-]\d\d(?::?\d\d)?)?( BC)?$/i;
const DISTANCE = /^now(?:([+-])(\d{1,5})(min|h|d|w|mo|y))?$/i;
const UNITS: Record<string, string> = {
  min: 'minutes',
  h: 'hours',
  d: 'days',
  w: 'weeks',
  mo: 'months',
  y: 'years',
};

function readTime({ native }: ViewColumn, text: string): Value | undefined {
  if (native === 'Time' || native === 'Timetz') {
    const [, time = text, zone = ''] = /^([\d:.]+)(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text) ?? [];
    return TIME_OF_DAY.test(time) && (zone === '' || native === 'Timetz') ? exact(text) : undefined;
  }
  if (/^-?infinity$/i.test(text)) return { kind: 'moment', text: text.toLowerCase() };
  const distance = DISTANCE.exec(text);
  if (distance) {
    const [, sign = '+', count = '0', unit = 'min'] = distance;
    const units = UNITS[unit.toLowerCase()] ?? '';
    // A day without a time is so many days of the calendar ago, whether or not each had 24 hours.
    const elapsed = native === 'Date' ? ['minutes', 'hours'] : ['minutes', 'hours', 'days', 'weeks'];
    return { kind: 'distance', interval: `${sign}${count} ${units}`, isElapsed: elapsed.includes(units) };
  }
  if (DAY.test(text)) return isDay(text) ? { kind: 'day', text } : undefined;
  const moment = MOMENT.exec(text);
  if (!moment || native === 'Date') return undefined;
  const [, day = '', time = '', zone, era = ''] = moment;
  if (!isDay(`${day}${era}`) || !TIME_OF_DAY.test(time)) return undefined;
  const local = `${day} ${time}`;
  return zone === undefined
    ? { kind: 'local', text: `${local}${era}` }
    : { kind: 'moment', text: `${local}${zone}${era}` };
}

/** PostgreSQL refuses the 30th of February, which JavaScript takes for a day of March. */
function isDay(text: string): boolean {
  const [, year = '', month = '', day = '', era] = DAY.exec(text) ?? [];
  // Before Christ the years count backwards from 1 BC, which astronomers call 0.
  const counted = era === undefined ? Number(year) : 1 - Number(year);
  if (Number(year) === 0) return false;
  const leap = counted % 4 === 0 && (counted % 100 !== 0 || counted % 400 === 0);
  const length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month) - 1] ?? 0;
  return Number(day) >= 1 && Number(day) <= length;
}

function describeTime({ native }: ViewColumn): string {
  if (native === 'Time' || native === 'Timetz') return 'a time of day such as 09:30 or 09:30:00.5';
  if (native === 'Date') return 'a day such as 2026-05-01, or now-7d';
  return 'a day such as 2026-05-01, a time such as 2026-05-01T09:00Z, or now-7d (min h d w mo y)';
}
