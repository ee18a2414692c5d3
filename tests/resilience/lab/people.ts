import type { TestDatabase } from '../../support/database.js';

export type Field = 'created' | 'department' | 'role' | 'active' | 'preferences';

const ROLES = Array.from({ length: 60 }, (_, n) => `Role ${n + 1}`);

export const pick = <Item>(items: readonly Item[]): Item =>
  items[Math.floor(Math.random() * items.length)] as Item;

/** The part of a user's preferences that the load changes. */
export const stampOf = (preferences: unknown) => String(Object(preferences).stamp);

/** The users that the load is about: what they were at first, and what to change them to next. */
export class People {
  readonly usernames = new Map<number, string>();
  /** By user and field. */
  readonly initial = new Map<string, string>();
  departments: string[] = [];
  readonly #counts = new Map<string, number>();
  #stamps = 0;

  static async of(database: Pick<TestDatabase, 'query'>): Promise<People> {
    const people = new People();
    const users = await database.query<{ id: number; username: string; initial: Record<string, string> }>(`
      SELECT u.id, username::text, json_build_object('department', d.name, 'role', role, 'active', active::text,
        'preferences', coalesce(p.preferences->>'stamp', 'undefined')) AS initial
      FROM users u JOIN departments d ON d.id = department_id LEFT JOIN user_preferences p ON p.user_id = u.id`);
    for (const { id, username, initial } of users) people.add(id, username, initial);
    const departments = await database.query<{ name: string }>('SELECT name::text FROM departments');
    people.departments = departments.map(({ name }) => name);
    return people;
  }

  add(id: number, username: string, initial: Record<string, string>): void {
    if (this.usernames.has(id)) return;
    this.usernames.set(id, username);
    for (const [field, value] of Object.entries(initial)) this.initial.set(`${id} ${field}`, value);
  }

  any(): number {
    return pick([...this.usernames.keys()]);
  }

  /** Every tenth user is made active and inactive. The others stay active, so that every other change of them is allowed. */
  whoStays(stays = true): number {
    for (;;) {
      const id = this.any();
      if ((id % 10 !== 0 && this.initial.get(`${id} active`) === 'true') === stays) return id;
    }
  }

  /** A value that this user has not had for long, so that the value tells which change made it. */
  next(id: number, field: 'department' | 'role' | 'active'): string {
    const values = { department: this.departments, role: ROLES, active: ['true', 'false'] }[field];
    const count = (this.#counts.get(`${id} ${field}`) ?? id) + 1;
    this.#counts.set(`${id} ${field}`, count);
    return values[count % values.length] as string;
  }

  /** A value that no user ever had. */
  stamp(): string {
    return `s${(this.#stamps += 1)}`;
  }
}
