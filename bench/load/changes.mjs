import { stampOf } from './people.mjs';

/** @typedef {import('./people.mjs').People} People */
/** @typedef {import('./reads.mjs').Question & { write: Pick<import('./journal.mjs').Write, 'user' | 'field' | 'value' | 'initial'> }} Change */

/** @param {People} people @param {number} [id] @returns {Change} */
export function setRole(people, id = people.anyoneWho('stays')) {
  const role = people.next(id, 'role');
  return changeOf(id, 'role', role, 'set_user_role', { user_id: id, role });
}

/** @param {People} people @returns {Change} */
export function transfer(people) {
  const id = people.anyoneWho('stays');
  const department = people.next(id, 'department');
  return changeOf(id, 'department', department, 'transfer_user', { user_id: id, new_department: department });
}

/** @param {People} people @returns {Change} */
export function setActive(people) {
  const id = people.anyoneWho('comes and goes');
  const active = Math.random() < 0.5;
  return changeOf(id, 'active', String(active), 'set_user_active', { user_id: id, active });
}

/** @param {People} people @returns {Change} */
export function setPreferences(people) {
  const id = people.anyone();
  const stamp = people.stamp();
  return {
    tool: 'update_user_preferences',
    args: { user_id: id, preferences: { stamp } },
    write: { user: id, field: 'preferences', value: stamp },
    check({ user_id, preferences, changed }, see) {
      see({ id, preferences });
      return [
        user_id !== id && `changed the preferences of ${id}, got those of ${user_id}`,
        stampOf(preferences) !== stamp && `set ${stamp}, got ${stampOf(preferences)}`,
        changed !== true && `${stamp} was new, and nothing changed`,
      ];
    },
  };
}

/** @param {People} people @returns {Change} */
export function create(people) {
  const username = `load_${people.stamp()}`;
  const initial = { department: 'General', role: 'User', active: 'true', preferences: 'undefined' };
  return {
    tool: 'create_user',
    args: { username, email: `${username}@example.com`, department: initial.department, role: initial.role },
    write: { user: undefined, field: 'created', value: username, initial },
    check({ user }) {
      const { id, department, role, active } = user;
      people.add(id, user.username, initial);
      const made = `${user.username} ${department} ${role} ${active}`;
      return [made !== `${username} General User true` && `asked for ${username}, got ${made}`];
    },
  };
}

/**
 * @param {number} id @param {'department' | 'role' | 'active'} field @param {string} value
 * @param {string} tool @param {object} args
 * @returns {Change}
 */
function changeOf(id, field, value, tool, args) {
  return {
    tool,
    args,
    write: { user: id, field, value },
    check({ user, changed, change }, see) {
      see(user);
      return [
        user.id !== id && `changed user ${id}, got ${user.id}`,
        String(user[field]) !== value && `set ${field} ${value}, got ${user[field]}`,
        changed !== (change !== null) && `changed ${changed}, but the change is ${JSON.stringify(change)}`,
        change !== null &&
          (change.field !== field || change.new_value !== value) &&
          `set ${field} ${value}, but the change is ${JSON.stringify(change)}`,
      ];
    },
  };
}
