import { z } from 'zod';
import { defineTool, EFFECTS, type Scope } from '../../capability/define.js';
import { filterText, modelName, timeZone } from '../arguments.js';
import { countRecords as count } from '../read/count.js';
import type { Services } from '../services.js';

export const countRecords = (services: Services, scope: readonly Scope[]) =>
  defineTool({
    name: 'count_records',
    title: 'Count records',
    description: 'How many records meet a filter; exact up to 10,000.',
    scope,
    effect: EFFECTS.reads,
    input: z.strictObject({
      model: modelName,
      filter: filterText.optional(),
      time_zone: timeZone.optional(),
    }),
    output: z.strictObject({
      notes: z.array(z.string()),
      count: z.int(),
      exact: z.boolean().describe('false: there are more'),
    }),
    handle: (input, context) => count(services, input, context),
  });
