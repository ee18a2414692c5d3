import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { defineTool, EFFECTS, type Scope } from '../../capability/define.js';
import { recordTable } from '../answer/rows.js';
import { fieldList, flatTextOrNumber, includeList, modelName } from '../arguments.js';
import { parseArguments } from '../parse-arguments.js';
import { get } from '../read/get.js';
import type { Services } from '../services.js';

export const GET_INPUT = z.strictObject({
  model: modelName,
  key: flatTextOrNumber("17, or 17, 3 for a key of two, or email = 'a@b.c'"),
  fields: fieldList.optional(),
  include: includeList.optional(),
});

export const GET_OUTPUT = z.strictObject({ notice, notes: z.array(z.string()), record: recordTable });

export const getRecord = (services: Services, scope: readonly Scope[]) =>
  defineTool({
    name: 'get_record',
    title: 'Get one record',
    description: 'One record by its key, long values in full.',
    scope,
    effect: EFFECTS.reads,
    input: GET_INPUT,
    output: GET_OUTPUT,
    handle: async (input, context) => withNotice(await get(services, parseArguments(input), context)),
  });
