/**
 * The inspector's calls of each capability. All that a server lists must stand here, so that nothing new is forgotten.
 * Both transports work on one database: `own` is what one of them has to itself.
 * @param {{ userId: number, suffix: string }} own
 */
export const callsFor = ({ userId, suffix }) => ({
  /** Arguments by tool. @type {Record<string, Record<string, unknown>>} */
  tools: {
    list_recent_users: { limit: 3 },
    find_users: { department: 'Engineering', active: true, limit: 5 },
    get_user: { id: userId },
    get_user_history: { user_id: userId, limit: 5 },
    list_departments: {},
    create_user: { username: `seen_over_${suffix}`, email: `${suffix}@example.com`, department: 'Sales' },
    transfer_user: { user_id: userId, new_department: 'Finance' },
    set_user_active: { user_id: userId, active: true },
    set_user_role: { user_id: userId, role: 'Inspector' },
    get_user_preferences: { user_id: userId },
    update_user_preferences: { user_id: userId, preferences: { theme: 'dark', shown: ['mail'] } },
    create_department: { name: `Inspection ${suffix}` },
  },
  /** A URI by resource. @type {Record<string, string>} */
  resources: {
    recent_users: 'directory://users/recent',
    departments: 'directory://departments',
  },
  /** A URI by template. @type {Record<string, string>} */
  templates: {
    users_by_criteria: 'directory://users?department=Engineering&limit=5',
    user: `directory://users/${userId}`,
    user_history: `directory://users/${userId}/history?limit=5`,
  },
  /** Arguments by prompt. @type {Record<string, Record<string, string>>} */
  prompts: {
    onboard_user: { username: 'new_colleague', email: 'new@example.com', department: 'Sales' },
    department_report: { department: 'Sales' },
  },
});
