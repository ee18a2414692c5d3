import { z } from 'zod';
import { fitting, notice, noticed, table } from '../answers.js';
import { defineTool, EFFECTS } from '../../capability/define.js';

const departmentTable = table({ id: z.int(), name: z.string(), active: z.int(), inactive: z.int() });

export const listDepartments = defineTool({
  name: 'list_departments',
  title: 'List departments',
  description:
    'All departments by name, each with its head count: how many active users it has, and how many inactive ones.',
  scope: 'directory:read',
  effect: EFFECTS.reads,
  input: z.strictObject({}),
  output: z.strictObject({
    notice,
    total: z
      .int()
      .describe('How many departments there are; more than rows only where the answer would grow too large'),
    departments: departmentTable.schema,
  }),
  async handle(_input, { directory }) {
    const departments = await directory.departments.list();
    return {
      ...noticed,
      total: departments.length,
      departments: departmentTable.fill(fitting(departments)),
    };
  },
});
