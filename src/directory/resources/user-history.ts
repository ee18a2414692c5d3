import type { Resource } from '../../capability/define.js';
import { getUserHistory } from '../tools/get-user-history.js';
import type { Directory } from '../services.js';

export const userHistory: Resource<Directory> = {
  name: 'user_history',
  title: "A user's history",
  description: 'What was changed about a user, newest first, a page at a time.',
  uriTemplate: 'directory://users/{user_id}/history{?limit,cursor}',
  tool: getUserHistory,
};
