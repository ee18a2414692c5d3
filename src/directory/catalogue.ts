import type { Prompt, Resource, Tool } from '../capability/define.js';
import { departmentReport } from './prompts/department-report.js';
import { onboardUser } from './prompts/onboard-user.js';
import { departments } from './resources/departments.js';
import { recentUsers } from './resources/recent-users.js';
import { userHistory } from './resources/user-history.js';
import { user } from './resources/user.js';
import { usersByCriteria } from './resources/users-by-criteria.js';
import { createDepartment } from './tools/create-department.js';
import { createUser } from './tools/create-user.js';
import { findUsers } from './tools/find-users.js';
import { getUserHistory } from './tools/get-user-history.js';
import { getUserPreferences } from './tools/get-user-preferences.js';
import { getUser } from './tools/get-user.js';
import { listDepartments } from './tools/list-departments.js';
import { listRecentUsers } from './tools/list-recent-users.js';
import { setUserActive } from './tools/set-user-active.js';
import { setUserRole } from './tools/set-user-role.js';
import { transferUser } from './tools/transfer-user.js';
import { updateUserPreferences } from './tools/update-user-preferences.js';

export interface Catalogue {
  tools: Tool[];
  resources: Resource[];
  prompts: Prompt[];
}

/** Everything a client can reach, in the order it is listed. Nothing is found by looking into folders. */
export const catalogue: Catalogue = {
  tools: [
    listRecentUsers,
    findUsers,
    getUser,
    getUserHistory,
    listDepartments,
    createUser,
    transferUser,
    setUserActive,
    setUserRole,
    getUserPreferences,
    updateUserPreferences,
    createDepartment,
  ],
  resources: [recentUsers, usersByCriteria, user, userHistory, departments],
  prompts: [onboardUser, departmentReport],
};
