import { z } from 'zod';
import { changedUser, toChangedUser } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { newRoleName, userId } from '../arguments.js';
import { defineDirectoryWrite } from '../define-tool.js';
import { CHANGES_USER } from '../rights.js';

export const setUserRole = defineDirectoryWrite({
  name: 'set_user_role',
  title: "Set a user's role",
  description:
    'Gives a user another role and records it in the audit log. Roles are free text: reuse one that is in use where it fits.',
  scope: 'directory:write',
  effect: EFFECTS.overwrites,
  rights: [CHANGES_USER, { users: { UPDATE: ['role'] } }],
  input: z.strictObject({ user_id: userId, role: newRoleName }),
  output: changedUser,
  async handle({ user_id, role }, context, directory) {
    return toChangedUser(await directory.changes.setRole(user_id, role, context), context);
  },
});
