import type { Completion } from '../capability/define.js';
import type { Directory } from './services.js';

const departmentNames: Completion<Directory> = {
  scope: 'directory:read',
  values: (_context, directory) => directory.departments.names(),
};

const roleNames: Completion<Directory> = {
  scope: 'directory:read',
  values: (_context, directory) => directory.roles(),
};

/** By argument, of any prompt or resource. */
export const completions = { department: departmentNames, new_department: departmentNames, role: roleNames };
