import type { Resource } from '../../capability/define.js';
import { listRecentUsers } from '../tools/list-recent-users.js';

export const recentUsers: Resource = {
  name: 'recent_users',
  title: 'Newest users',
  description: 'The 20 users created last, newest first.',
  uriTemplate: 'directory://users/recent',
  tool: listRecentUsers,
};
