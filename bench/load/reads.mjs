import { stampOf } from './people.mjs';

/** @typedef {import('./people.mjs').People} People */
/**
 * A call to make, and what has to be true of its answer. `see` is told what the answer says of a user.
 * @typedef {object} Question
 * @property {string} tool
 * @property {object} args
 * @property {(data: any, see: (user: any) => void) => (string | false | undefined)[]} check what is wrong, if anything
 */

const PAGE = 10;

/** @param {People} people @returns {Question} */
export function userById(people) {
  const id = people.anyone();
  return {
    tool: 'get_user',
    args: { id },
    check({ user }, see) {
      see(user);
      return [user.id !== id && `asked for user ${id}, got ${user.id}`];
    },
  };
}

/** @param {People} people @returns {Question} */
export function userByName(people) {
  const id = people.anyone();
  const username = /** @type {string} */ (people.usernames.get(id));
  return {
    tool: 'get_user',
    args: { username: username.toUpperCase() },
    check({ user }, see) {
      see(user);
      return [user.id !== id && `asked for ${username}, got ${user.username}`];
    },
  };
}

/** @param {People} people @returns {Question} */
export function membersOf(people) {
  const department = people.departments[Math.floor(Math.random() * people.departments.length)];
  return {
    tool: 'find_users',
    args: { department, limit: PAGE },
    check({ users }, see) {
      const found = records(users);
      found.forEach(see);
      const strangers = found.filter((user) => user.department !== department || !user.active);
      return [
        strangers.length > 0 && `asked for the active of ${department}, got ${JSON.stringify(strangers[0])}`,
        found.length > PAGE && `asked for ${PAGE}, got ${found.length}`,
        notNewestFirst(found),
      ];
    },
  };
}

/** @returns {Question} */
export function newest() {
  return {
    tool: 'list_recent_users',
    args: { limit: PAGE },
    check({ users }, see) {
      const found = records(users);
      found.forEach(see);
      return [found.length !== PAGE && `asked for ${PAGE}, got ${found.length}`, notNewestFirst(found)];
    },
  };
}

/** @param {People} people @returns {Question} */
export function departments(people) {
  return {
    tool: 'list_departments',
    args: {},
    check({ total, departments: table }) {
      const names = new Set(records(table).map(({ name }) => name));
      const missing = people.departments.filter((name) => !names.has(name));
      return [
        missing.length > 0 && `departments without ${missing[0]}`,
        total !== names.size && `${total} departments, but ${names.size} names`,
      ];
    },
  };
}

/** @param {People} people @returns {Question} */
export function history(people) {
  const id = people.anyone();
  return {
    tool: 'get_user_history',
    args: { user_id: id, limit: PAGE },
    check({ changes }) {
      const found = records(changes);
      const unordered = found.some((change, n) => n > 0 && change.id >= found[n - 1]?.id);
      const broken = found.find((change, n) => {
        const before = found.slice(n + 1).find(({ field }) => field === change.field);
        return before !== undefined && !sameValue(change, before);
      });
      return [
        unordered && `history of ${id} out of order`,
        broken && `history of ${id}: ${JSON.stringify(broken)} does not follow what was before`,
      ];
    },
  };
}

/** @param {any} change @param {any} before */
function sameValue(change, before) {
  if (change.field !== 'preferences') return change.old_value === before.new_value;
  return stampOf(JSON.parse(change.old_value)) === stampOf(JSON.parse(before.new_value));
}

/** @param {People} people @returns {Question} */
export function preferences(people) {
  const id = people.anyone();
  return {
    tool: 'get_user_preferences',
    args: { user_id: id },
    check({ user_id, preferences: found }, see) {
      see({ id, preferences: found });
      return [user_id !== id && `asked for the preferences of ${id}, got those of ${user_id}`];
    },
  };
}

/** @param {any[]} users */
function notNewestFirst(users) {
  const unordered = users.some((user, n) => n > 0 && user.created_at > users[n - 1].created_at);
  return unordered && `not newest first: ${users.map(({ created_at }) => created_at).join(', ')}`;
}

/** The rows of an answer's table as records. @param {{ columns: string[], rows: any[][] }} table @returns {any[]} */
function records({ columns, rows }) {
  return rows.map((row) => Object.fromEntries(columns.map((column, n) => [column, row[n]])));
}
