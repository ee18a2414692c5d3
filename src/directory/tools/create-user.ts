import { z } from 'zod';
import { notice, withNotice } from '../../capability/answer/notice.js';
import { quote } from '../../visible-text.js';
import { userRecord } from '../answers.js';
import { EFFECTS } from '../../capability/define.js';
import { departmentName, newEmail, newUsername, newRoleName } from '../arguments.js';
import { defineDirectoryWrite } from '../define-tool.js';
import { CREATES_USER } from '../rights.js';

export const createUser = defineDirectoryWrite({
  name: 'create_user',
  title: 'Create a user',
  description:
    'Adds a user and returns it with its id. A username or email that is taken is a CONFLICT which says which one. The department has to exist: see list_departments. Without one a person is asked, or it is General.',
  scope: 'directory:write',
  effect: EFFECTS.adds,
  rights: [CREATES_USER],
  input: z.strictObject({
    username: newUsername,
    email: newEmail,
    department: departmentName.optional(),
    role: newRoleName.default('User'),
  }),
  output: z.strictObject({ notice, user: userRecord }),
  async handle({ department: given, ...user }, context, directory) {
    const question = `In which department is the new user ${quote(user.username)}?`;
    const department = given ?? (await directory.departments.choose(context, question)) ?? 'General';
    return withNotice({ user: await directory.changes.create({ ...user, department }, context) });
  },
});
