import type { Resource } from '../../capability/define.js';
import { getUser } from '../tools/get-user.js';
import type { Directory } from '../services.js';

export const user: Resource<Directory> = {
  name: 'user',
  title: 'One user',
  description: 'One user by id.',
  uriTemplate: 'directory://users/{id}',
  tool: getUser,
};
