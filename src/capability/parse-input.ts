import { z } from 'zod';
import { StewardError } from '../errors.js';
import { quote } from '../visible-text.js';

const DEEPEST_INPUT = 64;
const MOST_PROBLEMS = 5;
const LONGEST_ECHO = 50;

/**
 * Checks what a caller sent against a schema. Many clients fill in null for what they leave out, and models write numbers
 * and booleans as text: where only one thing can be meant, it is taken as meant.
 * @throws StewardError VALIDATION naming each argument that is wrong, missing or unknown, never repeating its value
 */
export function parseInput<Schema extends z.ZodObject>(schema: Schema, raw: unknown): z.output<Schema> {
  const given = raw ?? {};
  assertStorable(given);
  const input = isRecord(given) ? asMeant(schema, given) : given;
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const problems = issues.slice(0, MOST_PROBLEMS).map((issue) => describeIssue(issue, schema));
  if (issues.length > MOST_PROBLEMS) problems.push(`and ${issues.length - MOST_PROBLEMS} more`);
  const known = Object.keys(schema.shape);
  const hint = known.length > 0 ? `Arguments: ${known.join(', ')}.` : 'It takes no arguments.';
  throw new StewardError('VALIDATION', `${problems.join('; ')}. ${hint}`);
}

/** What stands inside an argument keeps its meaning, null included; so does what the schema does not know. */
function asMeant({ shape }: z.ZodObject, given: Record<string, unknown>): Record<string, unknown> {
  const meant = { ...given };
  for (const [name, value] of Object.entries(given)) {
    const schema = Object.hasOwn(shape, name) ? (shape[name] as z.ZodType) : undefined;
    if (schema && value === null && isAbsence(schema)) delete meant[name];
    else if (schema && typeof value === 'string') meant[name] = readText(schema, value);
  }
  return meant;
}

/** Whether null can only mean that the argument was left out. */
function isAbsence(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success && !schema.safeParse(null).success;
}

/** A number as JSON writes it, without an exponent. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Text where only a number or a boolean is taken; as it is where it does not certainly read as one. */
function readText(given: z.ZodType, text: string): unknown {
  const schema = unwrap(given);
  if (schema instanceof z.ZodNumber && NUMBER.test(text)) return Number(text);
  if (schema instanceof z.ZodBoolean && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

/** What an argument is when it is there. */
function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? unwrap(schema.unwrap() as z.ZodType)
    : schema;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describeIssue(issue: z.core.$ZodIssue, { shape }: z.ZodObject): string {
  if (issue.code === 'unrecognized_keys') return describeProblem(issue);
  const at = issue.path.join('.').slice(0, LONGEST_ECHO) || 'arguments';
  const [name, ...within] = issue.path.map(String);
  const argument = name !== undefined && within.length === 0 ? unwrap(shape[name] as z.ZodType) : undefined;
  const isWhole = argument instanceof z.ZodNumber && argument.isInt;
  return `${at}: ${describeProblem(issue, isWhole)}`;
}

function describeProblem(issue: z.core.$ZodIssue, isWhole = false): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown argument ${issue.keys.slice(0, MOST_PROBLEMS).map(quote).join(', ')}`;
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${expected(issue.expected, isWhole)}`;
    case 'invalid_value':
      // The words of zod, but for those of the schema itself.
      if (!issue.message.startsWith('Invalid')) return issue.message;
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => quote(String(value))).join(', ')}`;
    case 'too_big':
      return limit(issue.inclusive === false ? 'less than' : 'at most', issue.maximum, issue.origin);
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return limit(issue.inclusive === false ? 'more than' : 'at least', issue.minimum, issue.origin);
    default:
      return issue.message;
  }
}

function limit(compared: string, bound: number | bigint, origin: string): string {
  if (origin === 'string') return `must be ${compared} ${bound} characters long`;
  const isCounted = ['array', 'set', 'map', 'object', 'record'].includes(origin);
  return isCounted ? `must have ${compared} ${bound} elements` : `must be ${compared} ${bound}`;
}

function expected(type: string, isWhole: boolean): string {
  if (type === 'int' || (type === 'number' && isWhole)) return 'a whole number';
  if (type === 'boolean') return 'true or false';
  return type === 'object' || type === 'record' ? 'a JSON object' : `a ${type}`;
}

/**
 * PostgreSQL stores neither null characters nor halves of surrogate pairs, and `__proto__` as a name means something
 * else to JavaScript: none of them is an honest value anywhere, so all are refused before anything looks at them. A
 * number that JavaScript cannot hold has become infinite by now (protocol/parse-json.ts).
 * @throws StewardError VALIDATION
 */
export function assertStorable(value: unknown, path: readonly string[] = []): void {
  if (path.length > DEEPEST_INPUT)
    throw new StewardError('VALIDATION', 'The arguments are nested too deeply.');
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) {
      throw new StewardError('VALIDATION', 'Text must not hold null characters or unpaired surrogates.');
    }
  } else if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new StewardError(
      'VALIDATION',
      `${path.join('.').slice(0, LONGEST_ECHO)}: the number has more digits than can be kept exactly, or is too large. Send it as text, in quotes.`,
    );
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (key === '__proto__') throw new StewardError('VALIDATION', 'unknown argument "__proto__".');
      assertStorable(key, path);
      assertStorable(member, [...path, key]);
    }
  }
}
