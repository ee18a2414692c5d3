import { z } from 'zod';
import { definePrompt, type Completion } from '../capability/define.js';
import { quote } from '../visible-text.js';
import { departmentName, newEmail, newUsername, newRoleName } from './arguments.js';
import type { Directory } from './services.js';

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
  async render({ username, email, department = 'General', role = 'User' }, context, directory: Directory) {
    const { name } = await directory.departments.find(department, context);
    return [
      'Onboard a new colleague into the staff directory.',
      `Their details: ${JSON.stringify({ username, email, department: name, role })}`,
      '1. Look with get_user, by username and then by email, whether either is taken; NOT_FOUND means that it is free. If one is taken, stop and tell me by whom.',
      '2. Create the user with create_user. On a CONFLICT, say which of username and email is taken and suggest another.',
      '3. Show me the new user as get_user answers it, and the first entry of get_user_history.',
    ].join('\n');
  },
});

export const departmentReport = definePrompt({
  name: 'department_report',
  title: 'Report on a department',
  description: 'A short report on a department: size, roles, newest members.',
  scope: 'directory:read',
  arguments: z.strictObject({ department: departmentName }),
  async render({ department }, context, directory: Directory) {
    const { name } = await directory.departments.find(department, context);
    return [
      `Write a short report on the department ${quote(name)} of the staff directory.`,
      '1. Take its head count from list_departments, and say what share of all active users that is.',
      '2. Page through its users with find_users (department, limit 100, then next_cursor) and count them by role.',
      '3. Name the five newest members and when they joined.',
      'Give numbers only as the tools answered them, and say so where something is missing.',
    ].join('\n');
  },
});

const departmentNames: Completion = {
  scope: 'directory:read',
  values: (_context, directory: Directory) => directory.departments.names(),
};

const roleNames: Completion = {
  scope: 'directory:read',
  values: (_context, directory: Directory) => directory.users.roles(),
};

/** By argument, of any prompt or resource. */
export const completions = { department: departmentNames, new_department: departmentNames, role: roleNames };
