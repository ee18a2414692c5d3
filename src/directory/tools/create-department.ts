import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { EFFECTS } from '../../capability/define.js';
import { newDepartmentName } from '../arguments.js';
import { defineDirectoryWrite } from '../define-tool.js';

export const createDepartment = defineDirectoryWrite({
  name: 'create_department',
  title: 'Create a department',
  description: 'Adds an empty department. A name that is taken, regardless of case, is a CONFLICT.',
  scope: 'directory:write',
  effect: EFFECTS.adds,
  rights: [{ departments: { INSERT: ['name', 'created_at'], sequence: 'departments_id_seq' } }],
  input: z.strictObject({ name: newDepartmentName }),
  output: z.strictObject({
    notice,
    department: z.strictObject({ id: z.int(), name: z.string(), created_at: z.string() }),
  }),
  async handle({ name }, context, directory) {
    const { id, createdAt } = await directory.departments.create(name, context);
    return withNotice({ department: { id, name, created_at: createdAt } });
  },
});
