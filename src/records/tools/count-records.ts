import { z } from 'zod';
import { defineTool, EFFECTS, type Scope } from '../../capability/define.js';
import { filterText, modelName, timeZone } from '../arguments.js';
import { parseArguments } from '../parse-arguments.js';
import { countRecords as count } from '../read/count.js';
import type { Services } from '../services.js';

export const COUNT_INPUT = z.strictObject({
  model: modelName,
  filter: filterText.optional(),
  time_zone: timeZone.optional(),
});

export const COUNT_OUTPUT = z.strictObject({
  notes: z.array(z.string()),
  count: z.int(),
  exact: z.boolean().describe('false: there are more'),
});

export const countRecords = (services: Services, scope: readonly Scope[]) =>
  defineTool({
    name: 'count_records',
    title: 'Count records',
    description: 'How many records meet a filter; exact up to 10,000.',
    scope,
    effect: EFFECTS.reads,
    input: COUNT_INPUT,
    output: COUNT_OUTPUT,
    handle: (input, context) => count(services, parseArguments(input), context),
  });
