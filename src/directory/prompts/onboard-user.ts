import { z } from 'zod';
import { definePrompt } from '../../capability/define.js';
import { departmentName, newEmail, newUsername, newRoleName } from '../arguments.js';
import type { Directory } from '../services.js';

export const onboardUser = definePrompt({
  name: 'onboard_user',
  title: 'Onboard a user',
  description: 'Adds a new colleague to the directory, step by step, and checks the result.',
  scope: 'directory:write',
  arguments: z.strictObject({
    username: newUsername,
    email: newEmail,
    department: departmentName.optional(),
    role: newRoleName.optional(),
  }),
  async render({ username, email, department = 'General', role = 'User' }, _context, directory: Directory) {
    const { name } = await directory.departments.find(department);
    return [
      'Onboard a new colleague into the staff directory.',
      `Their details: ${JSON.stringify({ username, email, department: name, role })}`,
      '1. Look with get_user, by username and then by email, whether either is taken; NOT_FOUND means that it is free. If one is taken, stop and tell me by whom.',
      '2. Create the user with create_user. On a CONFLICT, say which of username and email is taken and suggest another.',
      '3. Show me the new user as get_user answers it, and the first entry of get_user_history.',
    ].join('\n');
  },
});
