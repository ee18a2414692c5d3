import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { takeFittingRows } from '../../capability/answer/bounds.js';
import { table } from '../../capability/answer/table.js';
import { EFFECTS } from '../../capability/define.js';
import { defineDirectoryTool } from '../define-tool.js';
import type { Directory } from '../services.js';

const departmentTable = table({ id: z.int(), name: z.string(), active: z.int(), inactive: z.int() });

export const listDepartments = defineDirectoryTool({
  name: 'list_departments',
  title: 'List departments',
  description:
    'All departments by name, each with its head count: how many active users it has, and how many inactive ones.',
  scope: 'directory:read',
  effect: EFFECTS.reads,
  rights: [{ departments: {}, headcounts: {} }],
  input: z.strictObject({}),
  output: z.strictObject({
    notice,
    total: z
      .int()
      .describe('How many departments there are; more than rows only where the answer would grow too large'),
    departments: departmentTable.schema,
  }),
  // Its rows are what department_report begins with.
  show: () => ({ chart: { labels: ['name'], values: ['active', 'inactive'], overTime: false } }),
  async handle(_input, _context, directory: Directory) {
    const departments = await directory.departments.list();
    return withNotice({
      total: departments.length,
      departments: departmentTable.fill(takeFittingRows(departments)),
    });
  },
});
