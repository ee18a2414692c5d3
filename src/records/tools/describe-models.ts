import { z } from 'zod';
import { defineTool, EFFECTS, type Scope } from '../../capability/define.js';
import { recordTable } from '../answer/rows.js';
import { modelName } from '../arguments.js';
import { describeModel, listModels } from '../read/describe.js';
import type { Services } from '../services.js';

export const describeModels = ({ records }: Services, scope: readonly Scope[]) =>
  defineTool({
    name: 'describe_models',
    title: 'Describe models',
    description:
      'All models, a line each; with model, its fields, types, enum values, relations, indexes, and an example filter. Start here.',
    scope,
    effect: EFFECTS.reads,
    input: z.strictObject({
      model: modelName.optional(),
      search: z.string().max(200).optional().describe('Words that name, text or fields hold'),
      page: z.int().min(1).max(1000).default(1),
    }),
    output: z.strictObject({
      model: z.string().optional(),
      about: z.string().optional(),
      key: z.string().optional(),
      indexed: z.string().optional(),
      example: z.string().optional(),
      fields: recordTable.optional(),
      total: z.int().optional(),
      pages: z.int().optional(),
      models: recordTable.optional(),
    }),
    async handle({ model, search, page }, context) {
      if (model === undefined) return listModels(records, search, page, context);
      const named = records.model(model, context.scopes);
      return { model: named.label, ...(await describeModel(named, context.signal)) };
    },
  });
