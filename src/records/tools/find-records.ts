import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { defineTool, EFFECTS, type Scope } from '../../capability/define.js';
import { recordTable } from '../answer/rows.js';
import { fieldList, filterText, flatText, includeList, modelName, timeZone } from '../arguments.js';
import { parseArguments } from '../parse-arguments.js';
import { find, LONGEST_CURSOR } from '../read/find.js';
import type { Services } from '../services.js';

export const FIND_INPUT = z.strictObject({
  model: modelName,
  filter: filterText.optional(),
  fields: fieldList.optional(),
  include: includeList.optional(),
  order_by: flatText('placedAt desc, id; nulls last').optional(),
  limit: z.int().min(1).max(100).default(20),
  cursor: z.string().max(LONGEST_CURSOR).optional().describe('next_cursor of the page before'),
  total: z.boolean().default(false).describe('Count, too, up to 10,000'),
  time_zone: timeZone.optional(),
});

export const FIND_OUTPUT = z.strictObject({
  notice,
  notes: z.array(z.string()),
  total: z.int().nullable(),
  total_is_exact: z.boolean(),
  more: z.boolean(),
  next_cursor: z.string().nullable(),
  records: recordTable,
});

export const findRecords = (services: Services, scope: readonly Scope[]) =>
  defineTool({
    name: 'find_records',
    title: 'Find records',
    description: 'Records of a model that meet a filter, in any order, a page at a time.',
    scope,
    effect: EFFECTS.reads,
    input: FIND_INPUT,
    output: FIND_OUTPUT,
    handle: async (input, context) => withNotice(await find(services, parseArguments(input), context)),
  });
