import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { defineTool, EFFECTS, type LinkedFile, type Scope, type Tool } from '../../capability/define.js';
import { chartOf } from '../answer/chart.js';
import { recordTable } from '../answer/rows.js';
import { csvArgument, csvOf } from '../csv/csv-of.js';
import { aggregateWhole } from '../csv/read-whole.js';
import { filterText, flatText, modelName, timeZone } from '../arguments.js';
import { parseArguments } from '../parse-arguments.js';
import { aggregate, MOST_GROUPS, planAggregate } from '../read/aggregate.js';
import type { Services } from '../services.js';

export const AGGREGATE_INPUT = z.strictObject({
  model: modelName,
  metrics: flatText('count, sum(total), count(distinct isbn); also avg, min, max'),
  group_by: flatText(
    'Up to 3: status, customer.country, month(placedAt); also hour, day, week, quarter, year',
  ).optional(),
  filter: filterText.optional(),
  having: flatText('On columns of the answer: count > 9 and sum_total >= 100').optional(),
  order_by: flatText('Columns of the answer: sum_total desc, month_placedAt').optional(),
  limit: z.int().min(1).max(MOST_GROUPS).default(50),
  time_zone: timeZone.optional(),
});

export const AGGREGATE_OUTPUT = z.strictObject({
  notice,
  notes: z.array(z.string()),
  more: z.boolean(),
  groups: recordTable,
});

export const aggregateRecords = (
  services: Services,
  scope: readonly Scope[],
): { tool: Tool; file: LinkedFile } => {
  const name = 'aggregate_records';
  const { file, link, attach } = csvOf(services, {
    name,
    scope,
    input: AGGREGATE_INPUT,
    // The caller may set any limit: it bounds an answer, not what may be seen.
    read: (input, context) => aggregateWhole(services, parseArguments(input), context),
  });
  const tool = defineTool({
    name,
    title: 'Aggregate records',
    description: 'Counts, sums, averages, least and greatest values, of all records or by groups.',
    scope,
    effect: EFFECTS.reads,
    input: AGGREGATE_INPUT.extend({ csv: csvArgument }),
    output: AGGREGATE_OUTPUT,
    handle: async (input, context) => withNotice(await aggregate(services, parseArguments(input), context)),
    attachments: async ({ csv, ...input }, context) => (csv ? attach(input, context) : []),
    show(input, context) {
      const { csv: _, ...question } = input;
      const planned = planAggregate(services.records, parseArguments(question), context.scopes);
      return { chart: chartOf(planned), csv: link(question, context) };
    },
  });
  return { tool, file };
};
