import type { Resource } from '../capability/define.js';
import { findUsers } from './tools/find-users.js';
import { getUserHistory } from './tools/get-user-history.js';
import { getUser } from './tools/get-user.js';
import { listDepartments } from './tools/list-departments.js';
import { listRecentUsers } from './tools/list-recent-users.js';

/** Clients see them in this order. */
export const resources: Resource[] = [
  {
    name: 'recent_users',
    title: 'Newest users',
    description: 'The 20 users created last, newest first.',
    uriTemplate: 'directory://users/recent',
    tool: listRecentUsers,
  },
  {
    name: 'users_by_criteria',
    title: 'Users by criteria',
    description:
      'A page of the users of a department, with a role, active or not, newest first. Any of the variables, in any order.',
    uriTemplate: 'directory://users{?department,role,active,limit,cursor}',
    tool: findUsers,
  },
  {
    name: 'user',
    title: 'One user',
    description: 'One user by id.',
    uriTemplate: 'directory://users/{id}',
    tool: getUser,
  },
  {
    name: 'user_history',
    title: "A user's history",
    description: 'What was changed about a user, newest first, a page at a time.',
    uriTemplate: 'directory://users/{user_id}/history{?limit,cursor}',
    tool: getUserHistory,
  },
  {
    name: 'departments',
    title: 'Departments',
    description: 'All departments with their head counts.',
    uriTemplate: 'directory://departments',
    tool: listDepartments,
  },
];
