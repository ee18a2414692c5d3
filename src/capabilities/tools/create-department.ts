import { z } from 'zod';
import { defineTool, EFFECTS } from '../define.js';
import { departmentName } from '../fields.js';

export const createDepartment = defineTool({
  name: 'create_department',
  title: 'Create a department',
  description: 'Adds an empty department. A name that is taken, whatever its case, is a CONFLICT.',
  effect: EFFECTS.adds,
  input: z.strictObject({
    name: departmentName.describe(
      'Name of the new department, up to 60 characters; unique whatever its case',
    ),
  }),
  output: z.strictObject({
    department: z.strictObject({ id: z.int(), name: z.string(), created_at: z.string() }),
  }),
  async handle({ name }, { directory }) {
    const { id, createdAt } = await directory.departments.create(name);
    return { department: { id, name, created_at: createdAt } };
  },
});
