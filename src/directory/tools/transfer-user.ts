import { z } from 'zod';
import { changedUser, toChangedUser } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { departmentName, userId } from '../arguments.js';
import { defineDirectoryWrite } from '../define-tool.js';
import { CHANGES_USER } from '../rights.js';

export const transferUser = defineDirectoryWrite({
  name: 'transfer_user',
  title: 'Transfer a user',
  description:
    'Moves an active user to another existing department and records the move in the audit log, both or neither. Find the id with find_users or get_user.',
  scope: 'directory:write',
  effect: EFFECTS.overwrites,
  rights: [CHANGES_USER, { users: { UPDATE: ['department_id'] } }],
  input: z.strictObject({ user_id: userId, new_department: departmentName }),
  output: changedUser,
  async handle({ user_id, new_department }, context, directory) {
    return toChangedUser(await directory.changes.transfer(user_id, new_department, context), context);
  },
});
