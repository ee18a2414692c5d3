import { z } from 'zod';
import { refuse } from '../argument.js';
import { readValue } from '../filter/read-value.js';
import { describeType } from '../filter/resolve-filter.js';
import { LIMITS, type Literal } from '../filter/syntax.js';
import type { ViewColumn } from '../view/view.js';
import { PARAMETER_TYPES, type ParameterSection, type ParameterType } from './section.js';

/** A parameter of a saved question. */
export interface Parameter extends ParameterSection {
  name: string;
  /** What it may be, where it is compared with an enum. */
  values: readonly string[] | undefined;
}

const NUMBERS = ['Int', 'BigInt', 'Float', 'Decimal'];
const isTimeOfDay = ({ native }: ViewColumn) => native === 'Time' || native === 'Timetz';

interface TypeRules {
  /** What the model is told of it besides its description. */
  notation: string;
  /** As which column a value is read before it is compared with any. */
  column: Pick<ViewColumn, 'type' | 'native'>;
  fits(column: ViewColumn): boolean;
}

/** A text is read by the type of the column that it is compared with, as in a filter. */
const TYPES: Record<ParameterType, TypeRules> = {
  string: { notation: '', column: { type: 'String', native: undefined }, fits: () => true },
  integer: {
    notation: '',
    column: { type: 'BigInt', native: undefined },
    fits: ({ type }) => NUMBERS.includes(type),
  },
  number: {
    notation: '',
    column: { type: 'Decimal', native: undefined },
    fits: ({ type }) => type === 'Float' || type === 'Decimal',
  },
  boolean: {
    notation: '',
    column: { type: 'Boolean', native: undefined },
    fits: ({ type }) => type === 'Boolean',
  },
  date: {
    notation: ' (2026-05-01, or now-7d)',
    column: { type: 'DateTime', native: 'Date' },
    fits: (column) => column.type === 'DateTime' && !isTimeOfDay(column),
  },
  datetime: {
    notation: ' (2026-05-01T09:00Z, 2026-05-01, or now-7d)',
    column: { type: 'DateTime', native: undefined },
    fits: (column) => column.type === 'DateTime' && !isTimeOfDay(column) && column.native !== 'Date',
  },
};

/** A value as it stands in a filter: always text in quotes, never a part of the filter. */
export function toLiteral({ name, type }: Parameter, value: unknown): Literal {
  const literal: Literal = { text: String(value), quoted: true, at: undefined, parameter: name };
  readValue({ ...TYPES[type].column, name } as ViewColumn, literal, name);
  return literal;
}

/**
 * A literal that fits each column that it is compared with.
 * @param compared told of each of them
 */
export function toSample(
  { name, type, default: value }: ParameterSection & { name: string },
  compared: (column: ViewColumn) => void,
): Literal {
  const literal = { text: '', quoted: true, at: undefined, parameter: `parameters.${name}` };
  return {
    ...literal,
    sample(column, example = sampleOf(column, type)) {
      if (!TYPES[type].fits(column))
        refuse(
          `It is compared with '${column.name}', which is ${describeType(column)}; its type is ${type}. It can be ${listFitting(column)}.`,
          literal,
          name,
        );
      compared(column);
      return value === undefined ? example : String(value);
    },
  };
}

function listFitting(column: ViewColumn): string {
  return PARAMETER_TYPES.filter((type) => TYPES[type].fits(column)).join(', ');
}

function sampleOf({ type, native, values }: ViewColumn, parameter: ParameterType): string {
  switch (type) {
    case 'String':
      if (native === 'Inet') return '127.0.0.1';
      return native === 'Uuid' ? '00000000-0000-0000-0000-000000000000' : '1';
    case 'Boolean':
      return 'true';
    case 'Enum':
      return values?.values[0]?.name ?? '';
    case 'DateTime':
      if (native === 'Time' || native === 'Timetz') return '09:00';
      return native === 'Date' || parameter === 'date' ? '2026-05-01' : '2026-05-01T09:00Z';
    default:
      return '1';
  }
}

/** The schema of a parameter's value. What a text says is read when it is called. */
export function parameterInput({ type, description, default: value, values }: Parameter): z.ZodType {
  const described = { description: `${description}${TYPES[type].notation}` };
  const schema: z.ZodType =
    type === 'boolean'
      ? z.boolean().meta(described)
      : type === 'integer' || type === 'number'
        ? numberAsWritten(type).meta({ type, ...described })
        : z
            .string()
            .max(LIMITS.characters)
            .meta({ ...described, ...(values && { enum: values }) });
  return value === undefined ? schema : schema.default(value);
}

const isBeyondExact = (value: unknown) =>
  typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;

const isWritten = (value: unknown) =>
  (typeof value === 'number' && !isBeyondExact(value)) ||
  (typeof value === 'string' && value !== '' && value.length <= LIMITS.characters);

/** A number, or its digits as text, so that one that a client would round can be given. */
function numberAsWritten(type: 'integer' | 'number') {
  return z.unknown().refine(isWritten, {
    error({ input }) {
      if (input === undefined) return 'is missing';
      if (isBeyondExact(input)) return 'must be text beyond 2^53, since JSON may have rounded it';
      return `must be a ${type === 'integer' ? 'whole ' : ''}number`;
    },
  });
}
