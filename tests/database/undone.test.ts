import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { startSteward, type Steward } from '../support/steward.js';

/** A trigger that has PostgreSQL undo the first so many transactions. The sequence counts all, as it is never undone. */
const undoFirst = (times: number, code: string, when: string) => `
  CREATE SEQUENCE tries;
  CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      IF nextval('public.tries') <= ${times} THEN RAISE EXCEPTION 'undone' USING ERRCODE = '${code}'; END IF;
      RETURN NULL;
    END $$;
  CREATE CONSTRAINT TRIGGER undo AFTER INSERT ON user_audit_log ${when} FOR EACH ROW EXECUTE FUNCTION undo()`;

onServer('a transaction that PostgreSQL undoes for the sake of another (needs a PostgreSQL server)', () => {
  let database: TestDatabase;
  let steward: Steward;
  beforeEach(async () => {
    database = await freshDatabase();
    steward = await startSteward({ database });
  });
  afterEach(async () => {
    await steward.stop();
    await database.drop();
  });

  const read = () => steward.call('get_user', { id: 1 });
  const write = (role: string) => steward.call('set_user_role', { user_id: 1, role });
  const tries = async () =>
    (await database.query<{ count: number }>('SELECT last_value::int AS count FROM tries'))[0]?.count;
  const changes = async (id: number) =>
    (
      await database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM user_audit_log WHERE user_id = $1 AND field_changed = 'role'`,
        [id],
      )
    )[0]?.count;

  it.each([
    ['40001', 'a statement of it fails', 'NOT DEFERRABLE'],
    ['40P01', 'a statement of it fails', 'NOT DEFERRABLE'],
    ['40001', 'its COMMIT fails', 'DEFERRABLE INITIALLY DEFERRED'],
  ])('with %s is made once, as a whole, where %s', async (code, _, when) => {
    await database.query(undoFirst(2, code, when));
    const { error } = await steward.call('set_user_role', { user_id: 1, role: 'Repeated' });
    expect(error).toBeUndefined();
    expect(await tries()).toBe(3);
    expect(await changes(1)).toBe(1);
  });

  it('is given up after a few times, and nothing is changed', async () => {
    await database.query(undoFirst(1000, '40001', 'NOT DEFERRABLE'));
    const { error } = await steward.call('set_user_role', { user_id: 1, role: 'Never' });
    expect(error).toBe('CONFLICT');
    expect(await tries()).toBe(4);
    expect(await changes(1)).toBe(0);
  });

  it('is told from one whose outcome is unknown, which is not made again', async () => {
    await database.query(undoFirst(1, '08006', 'DEFERRABLE INITIALLY DEFERRED'));
    const { error } = await steward.call('set_user_role', { user_id: 1, role: 'Unknown' });
    expect(error).toBe('DATABASE_UNAVAILABLE');
    expect(await tries()).toBe(1);
  });

  it('is told from statements that were prepared before a table changed, which are prepared again', async () => {
    for (let at = 0; at < 8; at++) {
      await Promise.all([read(), read(), read(), read()]);
      await write(`Role ${at}`);
    }
    await database.query('ALTER TABLE users ALTER role TYPE text');
    expect((await Promise.all([read(), read(), read(), read()])).map(({ error }) => error)).toEqual(
      Array(4).fill(undefined),
    );
    await database.query('ALTER TABLE users ALTER role TYPE citext');
    expect((await write('After')).error).toBeUndefined();
  });
});
