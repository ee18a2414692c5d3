import type { Resource } from '../../capability/define.js';
import { listDepartments } from '../tools/list-departments.js';
import type { Directory } from '../services.js';

export const departments: Resource<Directory> = {
  name: 'departments',
  title: 'Departments',
  description: 'All departments with their head counts.',
  uriTemplate: 'directory://departments',
  tool: listDepartments,
};
