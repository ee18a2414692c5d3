import type { Resource } from '../../capability/define.js';
import { listRecentUsers } from '../tools/list-recent-users.js';
import type { Directory } from '../services.js';

export const recentUsers: Resource<Directory> = {
  name: 'recent_users',
  title: 'Newest users',
  description: 'The 20 users created last, newest first.',
  uriTemplate: 'directory://users/recent',
  tool: listRecentUsers,
};
