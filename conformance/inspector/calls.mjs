const userId = 1;

/**
 * A list of the server's.
 * @typedef {object} List
 * @property {string[]} method with options of its own
 * @property {string} key where the list stands in the answer
 * @property {string} asks what asks for something that is listed
 * @property {string} naming the option that names it
 * @property {string} [argument] the option that gives it an argument
 * @property {Record<string, Record<string, unknown> | string>} calls arguments, or a URI, by name
 */

/**
 * The inspector's calls of each capability. All that a server lists must stand here, so that nothing new is forgotten.
 * @type {List[]}
 */
export const LISTS = [
  {
    method: ['tools/list', '--strict'],
    key: 'tools',
    asks: 'tools/call',
    naming: '--tool-name',
    argument: '--tool-arg',
    calls: {
      list_recent_users: { limit: 3 },
      find_users: { department: 'Engineering', active: true, limit: 5 },
      get_user: { id: userId },
      get_user_history: { user_id: userId, limit: 5 },
      list_departments: {},
      create_user: { username: 'seen_by_inspector', email: 'inspector@example.com', department: 'Sales' },
      transfer_user: { user_id: userId, new_department: 'Finance' },
      set_user_active: { user_id: userId, active: true },
      set_user_role: { user_id: userId, role: 'Inspector' },
      get_user_preferences: { user_id: userId },
      update_user_preferences: { user_id: userId, preferences: { theme: 'dark', shown: ['mail'] } },
      create_department: { name: 'Inspection' },
    },
  },
  {
    method: ['resources/list'],
    key: 'resources',
    asks: 'resources/read',
    naming: '--uri',
    calls: { recent_users: 'directory://users/recent', departments: 'directory://departments' },
  },
  {
    method: ['resources/templates/list'],
    key: 'resourceTemplates',
    asks: 'resources/read',
    naming: '--uri',
    calls: {
      users_by_criteria: 'directory://users?department=Engineering&limit=5',
      user: `directory://users/${userId}`,
      user_history: `directory://users/${userId}/history?limit=5`,
    },
  },
  {
    method: ['prompts/list'],
    key: 'prompts',
    asks: 'prompts/get',
    naming: '--prompt-name',
    argument: '--prompt-args',
    calls: {
      onboard_user: { username: 'new_colleague', email: 'new@example.com', department: 'Sales' },
      department_report: { department: 'Sales' },
    },
  },
];
