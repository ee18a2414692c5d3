import type { Resource } from '../../capability/define.js';
import { getUser } from '../tools/get-user.js';

export const user: Resource = {
  name: 'user',
  title: 'One user',
  description: 'One user by id.',
  uriTemplate: 'directory://users/{id}',
  tool: getUser,
};
