import { z } from 'zod';
import { notice, noticed } from '../answers.js';
import { defineTool, EFFECTS } from '../../capability/define.js';
import { newDepartmentName } from '../arguments.js';

export const createDepartment = defineTool({
  name: 'create_department',
  title: 'Create a department',
  description: 'Adds an empty department. A name that is taken, whatever its case, is a CONFLICT.',
  scope: 'directory:write',
  effect: EFFECTS.adds,
  input: z.strictObject({
    name: newDepartmentName,
  }),
  output: z.strictObject({
    notice,
    department: z.strictObject({ id: z.int(), name: z.string(), created_at: z.string() }),
  }),
  async handle({ name }, { directory, author }) {
    const { id, createdAt } = await directory.departments.create(name, author.signal);
    return { ...noticed, department: { id, name, created_at: createdAt } };
  },
});
