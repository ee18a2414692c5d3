import { type Answer, records, type UserRow } from '../../support/steward.js';
import { type Field, type People, pick, stampOf } from './people.js';

/** The part of a user that an answer shows. */
export type Seen = Partial<UserRow> & { id: number; preferences?: unknown };

/** A call, and the check of its answer. */
export interface Request {
  tool: string;
  args: Record<string, unknown>;
  /** The change that it makes; `user` is 0 for a user that it creates. */
  change?: { user: number; field: Field; value: string };
  /** Returns what is wrong, or false. */
  check(answer: Answer, see: (user: Seen) => void): string | false;
}

/** The load creates users with these values. */
export const CREATED = { department: 'General', role: 'User', active: 'true', preferences: 'undefined' };

export function getUser(people: People, id = people.any()): Request {
  const byName = Math.random() < 0.2;
  return {
    tool: 'get_user',
    args: byName ? { username: people.usernames.get(id)?.toUpperCase() } : { id },
    check({ data: { user } }, see) {
      see(user);
      return user.id !== id && `requested user ${id}, got ${user.id}`;
    },
  };
}

function listUsers(tool: string, args: object, fits: (user: UserRow) => boolean): Request {
  return {
    tool,
    args: { ...args, limit: 10 },
    check(answer, see) {
      const found = records(answer, 'users');
      found.forEach(see);
      return !found.every(fits) && `${tool} ${JSON.stringify(args)} got ${answer.text}`;
    },
  };
}

export const listNewest = () => listUsers('list_recent_users', {}, () => true);

function findMembers(people: People): Request {
  const department = pick(people.departments);
  return listUsers('find_users', { department }, (user) => user.department === department && user.active);
}

export function listDepartments({ departments }: People): Request {
  return {
    tool: 'list_departments',
    args: {},
    check(answer) {
      const names = new Set(records(answer, 'departments').map(({ name }) => name));
      const whole = answer.data.total === names.size && departments.every((name) => names.has(name));
      return !whole && `${answer.data.total} departments, got ${[...names].join(', ')}`;
    },
  };
}

function getPreferences(people: People): Request {
  const id = people.any();
  return {
    tool: 'get_user_preferences',
    args: { user_id: id },
    check({ data: { user_id, preferences } }, see) {
      see({ id, preferences });
      return user_id !== id && `requested the preferences of ${id}, got those of ${user_id}`;
    },
  };
}

type Setter = (id: number, value: string) => [tool: string, args: Record<string, unknown>];
const SETTERS: Record<'department' | 'role' | 'active', Setter> = {
  department: (id, value) => ['transfer_user', { user_id: id, new_department: value }],
  role: (id, value) => ['set_user_role', { user_id: id, role: value }],
  active: (id, value) => ['set_user_active', { user_id: id, active: value === 'true' }],
};

export function setField(people: People, field: keyof typeof SETTERS, user?: number): Request {
  const id = user ?? people.whoStays(field !== 'active');
  const value = people.next(id, field);
  const [tool, args] = SETTERS[field](id, value);
  return {
    tool,
    args,
    change: { user: id, field, value },
    check({ data: { user: now, changed, change } }, see) {
      see(now);
      const told = change === null ? !changed : change.field === field && change.new_value === value;
      const good = told && now.id === id && String(now[field]) === value;
      return !good && `set ${field} ${value} of ${id}, got ${JSON.stringify({ now, changed, change })}`;
    },
  };
}

function setPreferences(people: People): Request {
  const id = people.any();
  const stamp = people.stamp();
  return {
    tool: 'update_user_preferences',
    args: { user_id: id, preferences: { stamp } },
    change: { user: id, field: 'preferences', value: stamp },
    check({ data: { user_id, preferences, changed } }, see) {
      see({ id, preferences });
      const good = user_id === id && changed && stampOf(preferences) === stamp;
      return !good && `set ${stamp} of ${id}, got ${JSON.stringify(preferences)} of ${user_id}`;
    },
  };
}

export function createUser(people: People, department = CREATED.department): Request {
  const username = `load_${people.stamp()}`;
  const { role } = CREATED;
  return {
    tool: 'create_user',
    args: { username, email: `${username}@example.com`, department, role },
    change: { user: 0, field: 'created', value: username },
    check({ data: { user } }) {
      people.add(user.id, user.username, { ...CREATED, department });
      const good = user.username === username && user.department === department && user.role === role;
      return !(good && user.active) && `created ${username}, got ${JSON.stringify(user)}`;
    },
  };
}

/** How often each is called, of a hundred times. */
const MIX: [times: number, make: (people: People) => Request][] = [
  [44, getUser],
  [12, findMembers],
  [6, listNewest],
  [6, listDepartments],
  [6, getPreferences],
  [8, (people) => setField(people, 'department')],
  [7, (people) => setField(people, 'role')],
  [5, setPreferences],
  [3, (people) => createUser(people)],
  [3, (people) => setField(people, 'active')],
];

export function pickRequest(people: People): Request {
  let at = Math.random() * 100;
  const [, make] = MIX.find(([times]) => (at -= times) < 0) ?? [0, listNewest];
  return make(people);
}
