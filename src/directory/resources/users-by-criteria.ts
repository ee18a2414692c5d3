import type { Resource } from '../../capability/define.js';
import { findUsers } from '../tools/find-users.js';
import type { Directory } from '../services.js';

export const usersByCriteria: Resource<Directory> = {
  name: 'users_by_criteria',
  title: 'Users by criteria',
  description:
    'A page of the users of a department, with a role, active or not, newest first. Any of the variables, in any order.',
  uriTemplate: 'directory://users{?department,role,active,limit,cursor}',
  tool: findUsers,
};
