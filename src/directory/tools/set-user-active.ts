import { z } from 'zod';
import { changedUser, toChangedUser } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { userId } from '../arguments.js';
import { defineDirectoryWrite } from '../define-tool.js';
import { CHANGES_USER } from '../rights.js';

export const setUserActive = defineDirectoryWrite({
  name: 'set_user_active',
  title: 'Activate or deactivate a user',
  description:
    'Deactivates a user who left (false) or brings one back (true), and records it in the audit log. Users are never deleted.',
  scope: 'directory:write',
  effect: EFFECTS.overwrites,
  rights: [CHANGES_USER, { users: { UPDATE: ['active'] } }],
  input: z.strictObject({
    user_id: userId,
    active: z.boolean().describe('false deactivates, true reactivates'),
  }),
  output: changedUser,
  async handle({ user_id, active }, context, directory) {
    return toChangedUser(await directory.changes.setActive(user_id, active, context), context);
  },
});
