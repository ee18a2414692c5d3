import { z } from 'zod';
import { AGGREGATE_INPUT } from '../tools/aggregate-records.js';
import { COUNT_INPUT } from '../tools/count-records.js';
import { FIND_INPUT } from '../tools/find-records.js';
import { GET_INPUT } from '../tools/get-record.js';

export const PARAMETER_TYPES = ['string', 'integer', 'number', 'boolean', 'date', 'datetime'] as const;

export type ParameterType = (typeof PARAMETER_TYPES)[number];

const PARAMETER = z
  .strictObject({
    type: z.enum(PARAMETER_TYPES),
    description: z.string().min(1).max(300),
    default: z
      .union([z.string(), z.number(), z.boolean()], { error: 'takes text, a number, true or false' })
      .optional()
      .describe('Without it, the parameter is required'),
  })
  .describe('A value that the caller gives: write :NAME for it in filter, having or key');

export type ParameterSection = z.output<typeof PARAMETER>;

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, 'a name of letters, digits and _, 40 at most');

/** What a question asks, by the tool that answers it. Pages are for the caller to turn. */
const ASKED = {
  find: FIND_INPUT.omit({ cursor: true }).optional().describe('Arguments of find_records'),
  get: GET_INPUT.optional().describe('Arguments of get_record'),
  count: COUNT_INPUT.optional().describe('Arguments of count_records'),
  aggregate: AGGREGATE_INPUT.optional().describe('Arguments of aggregate_records'),
};

export type Kind = keyof typeof ASKED;
export const KINDS = Object.keys(ASKED) as Kind[];

const SHAPE = {
  title: z.string().min(1).max(100).optional(),
  description: z.string().min(1).max(1000).describe('For the model: what it answers, and when to ask it'),
  ...ASKED,
  parameters: z.record(name, PARAMETER).default({}),
};

const QUESTION = z
  .strictObject(SHAPE)
  .refine((question) => KINDS.filter((kind) => question[kind] !== undefined).length === 1, {
    error: `must have just one of ${KINDS.join(', ')}`,
  })
  .describe('A question of its own: one of find, get, count, aggregate, with the arguments of that tool');

/** Saved questions by name: each is a tool. */
export const QUESTIONS = z.record(name, QUESTION).default({});

/** All keys of a question, to name the nearest of. */
export const QUESTION_KEYS = [
  ...Object.keys(SHAPE),
  ...Object.keys(PARAMETER.shape),
  ...[FIND_INPUT, GET_INPUT, COUNT_INPUT, AGGREGATE_INPUT].flatMap(({ shape }) => Object.keys(shape)),
];

export type QuestionSection = z.output<typeof QUESTION>;
