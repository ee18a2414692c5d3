import { z } from 'zod';
import { withNotice } from '../../capability/answer/notice.js';
import type { Context, Shown } from '../../capability/define.js';
import { chartOf } from '../answer/chart.js';
import type { Parsed } from '../parse-arguments.js';
import { aggregateWhole, findWhole } from '../csv/read-whole.js';
import type { WholeTable } from '../csv/write-csv.js';
import { aggregate, planAggregate } from '../read/aggregate.js';
import { countRecords, planCount } from '../read/count.js';
import { find, planFind } from '../read/find.js';
import { get, planGet } from '../read/get.js';
import type { NamedModel, Records } from '../records.js';
import type { Services } from '../services.js';
import { AGGREGATE_INPUT, AGGREGATE_OUTPUT } from '../tools/aggregate-records.js';
import { COUNT_INPUT, COUNT_OUTPUT } from '../tools/count-records.js';
import { FIND_INPUT, FIND_OUTPUT } from '../tools/find-records.js';
import { GET_INPUT, GET_OUTPUT } from '../tools/get-record.js';
import type { Views } from '../views.js';
import type { Kind } from './section.js';

/** The arguments of a question's tool, parsed. */
export type Asked<Input extends z.ZodObject = z.ZodObject> = Omit<z.output<Input>, keyof Parsed> & Parsed;

/** How questions of a kind are planned and answered: as by the tool of that kind. */
interface Answering<Input extends z.ZodObject = z.ZodObject> {
  input: Input;
  output: z.ZodObject;
  plan(
    records: Records<Views>,
    asked: Asked<Input>,
    scopes: ReadonlySet<string>,
  ): { named: NamedModel<Views> };
  answer(services: Services, asked: Asked<Input>, context: Context): Promise<object>;
  /** All of it, to be saved; absent where the answer is one value or one record. */
  readWhole?(services: Services, asked: Asked<Input>, context: Context): Promise<WholeTable>;
  /** Of groups. */
  chart?(records: Records<Views>, asked: Asked<Input>, scopes: ReadonlySet<string>): Shown['chart'];
  /** Arguments of the question's tool besides its parameters. */
  ownArguments: readonly string[];
}

/** As defineTool. */
function define<Input extends z.ZodObject>(answering: Answering<Input>): Answering {
  return answering;
}

export const ANSWERING: Record<Kind, Answering> = {
  find: define({
    input: FIND_INPUT,
    output: FIND_OUTPUT,
    plan: planFind,
    answer: async (services, asked, context) => withNotice(await find(services, asked, context)),
    readWhole: findWhole,
    ownArguments: ['limit', 'cursor', 'csv'],
  }),
  get: define({
    input: GET_INPUT,
    output: GET_OUTPUT,
    plan: planGet,
    answer: async (services, asked, context) => withNotice(await get(services, asked, context)),
    ownArguments: [],
  }),
  count: define({
    input: COUNT_INPUT,
    output: COUNT_OUTPUT,
    plan: planCount,
    answer: countRecords,
    ownArguments: [],
  }),
  aggregate: define({
    input: AGGREGATE_INPUT,
    output: AGGREGATE_OUTPUT,
    plan: planAggregate,
    answer: async (services, asked, context) => withNotice(await aggregate(services, asked, context)),
    // Callers cannot set the limit of a saved question, so it bounds what may be seen.
    readWhole: (services, asked, context) => aggregateWhole(services, asked, context, asked.limit),
    chart: (records, asked, scopes) => chartOf(planAggregate(records, asked, scopes)),
    ownArguments: ['csv'],
  }),
};
