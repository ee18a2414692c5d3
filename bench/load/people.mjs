/** @typedef {import('./journal.mjs').Field} Field */
/** @typedef {import('../../tests/support/data-rules.mjs').Queried} Queried */

const ROLES = Array.from({ length: 60 }, (_, n) => `Role ${n + 1}`);
export const MORE_DEPARTMENTS = Array.from({ length: 30 }, (_, n) => `Department ${n + 1}`);

/** Those whom the load is about: who they are, what they were to begin with, and what to make of them next. */
export class People {
  /** @type {Map<number, string>} */
  usernames = new Map();
  /** By user and field. @type {Map<string, string>} */
  initial = new Map();
  /** @type {string[]} */
  departments = [];
  /** @type {number[]} */
  #ids = [];
  /** @type {Map<string, number>} */
  #counts = new Map();
  #stamps = 0;

  /** @param {Queried} postgres */
  static async of(postgres) {
    const people = new People();
    const users = await postgres.query(`
      SELECT u.id, username::text, d.name::text AS department, role::text, active, p.preferences
      FROM users u JOIN departments d ON d.id = department_id LEFT JOIN user_preferences p ON p.user_id = u.id`);
    for (const { id, username, department, role, active, preferences } of users) {
      people.add(id, username, {
        department,
        role,
        active: String(active),
        preferences: stampOf(preferences),
      });
    }
    people.departments = (await postgres.query('SELECT name::text FROM departments')).map(({ name }) => name);
    return people;
  }

  /** @param {number} id @param {string} username @param {Partial<Record<Field, string>>} initial */
  add(id, username, initial) {
    if (this.usernames.has(id)) return;
    this.usernames.set(id, username);
    this.#ids.push(id);
    for (const [field, value] of Object.entries(initial)) this.initial.set(`${id} ${field}`, value);
  }

  /** Anybody. */
  anyone() {
    return /** @type {number} */ (this.#ids[Math.floor(Math.random() * this.#ids.length)]);
  }

  /**
   * Every tenth comes and goes, as do those who are inactive at first. The others stay active, so that whatever else is
   * to be changed about them is allowed.
   * @param {'comes and goes' | 'stays'} kind
   */
  anyoneWho(kind) {
    for (;;) {
      const id = this.anyone();
      const comesAndGoes = id % 10 === 0 || this.initial.get(`${id} active`) !== 'true';
      if (comesAndGoes === (kind === 'comes and goes')) return id;
    }
  }

  /** A value that this user has not had for long, so that it tells which change made it. @param {number} id @param {'department' | 'role'} field */
  next(id, field) {
    const values = field === 'role' ? ROLES : this.departments;
    const count = (this.#counts.get(`${id} ${field}`) ?? id) + 1;
    this.#counts.set(`${id} ${field}`, count);
    return /** @type {string} */ (values[count % values.length]);
  }

  /** One that nobody ever had. */
  stamp() {
    return `s${(this.#stamps += 1)}`;
  }
}

/** What the load changes of a user's preferences. @param {any} preferences */
export function stampOf(preferences) {
  return String(preferences?.stamp);
}
