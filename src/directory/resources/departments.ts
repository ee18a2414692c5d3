import type { Resource } from '../../capability/define.js';
import { listDepartments } from '../tools/list-departments.js';

export const departments: Resource = {
  name: 'departments',
  title: 'Departments',
  description: 'All departments with their head counts.',
  uriTemplate: 'directory://departments',
  tool: listDepartments,
};
