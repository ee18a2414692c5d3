import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startSteward, type Steward } from '../support/steward.js';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';

/** The embedded database is not shared and in UTC. */
onServer('a database in another time zone (needs a PostgreSQL server)', () => {
  let database: TestDatabase;
  let steward: Steward;
  beforeAll(async () => {
    database = await freshDatabase();
    const [{ name }] = (await database.query<{ name: string }>('SELECT current_database() AS name')) as [
      { name: string },
    ];
    await database.query(`ALTER DATABASE "${name}" SET timezone = 'Asia/Kolkata'`);
    steward = await startSteward({ database });
  });
  afterAll(async () => {
    await steward.stop();
    await database.drop();
  });

  it('neither shifts what is written nor what is read', async () => {
    const before = Date.now() - 1000;
    const { data } = await steward.call('create_user', { username: 'in_utc', email: 'utc@example.com' });
    expect(Date.parse(data.user.created_at)).toBeGreaterThan(before);
    expect(Date.parse(data.user.created_at)).toBeLessThan(Date.now() + 1000);
    const history = await steward.call('get_user_history', { user_id: data.user.id });
    const [row] = history.data.changes.rows;
    expect(Math.abs(Date.parse(String(row?.[4])) - Date.parse(data.user.created_at))).toBeLessThan(5000);
    const [stored] = await database.query<{ seconds: number }>(
      'SELECT extract(epoch FROM now() - created_at)::int AS seconds FROM users WHERE username = $1',
      ['in_utc'],
    );
    expect(stored?.seconds).toBeLessThan(60);
  });
});
