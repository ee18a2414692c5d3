import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { userRecord } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { departmentName, newEmail, newUsername, newRoleName } from '../arguments.js';
import { defineDirectoryTool, CREATES_USER } from '../rights.js';
import type { Directory } from '../services.js';

export const createUser = defineDirectoryTool({
  name: 'create_user',
  title: 'Create a user',
  description:
    'Adds a user and returns it with its id. A username or email that is taken is a CONFLICT which says which one. The department has to exist: see list_departments.',
  scope: 'directory:write',
  effect: EFFECTS.adds,
  rights: [CREATES_USER],
  input: z.strictObject({
    username: newUsername,
    email: newEmail,
    department: departmentName.default('General'),
    role: newRoleName.default('User'),
  }),
  output: z.strictObject({ notice, user: userRecord }),
  async handle(input, context, directory: Directory) {
    return withNotice({ user: await directory.changes.create(input, context) });
  },
});
