import { z } from 'zod';
import { definePrompt } from '../../capability/define.js';
import { departmentName } from '../arguments.js';
import type { Directory } from '../services.js';

export const departmentReport = definePrompt({
  name: 'department_report',
  title: 'Report on a department',
  description: 'A short report on a department: size, roles, newest members.',
  scope: 'directory:read',
  arguments: z.strictObject({ department: departmentName }),
  async render({ department }, _context, directory: Directory) {
    const { name } = await directory.departments.find(department);
    return [
      `Write a short report on the department ${JSON.stringify(name)} of the staff directory.`,
      '1. Take its head count from list_departments, and say what share of all active users that is.',
      '2. Page through its users with find_users (department, limit 100, then next_cursor) and count them by role.',
      '3. Name the five newest members and when they joined.',
      'Give numbers only as the tools answered them, and say so where something is missing.',
    ].join('\n');
  },
});
