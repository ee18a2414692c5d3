import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { onServer } from '../support/conditions.js';
import { countWaiting } from '../support/count-waiting.js';
import { eventually } from '../support/eventually.js';
import { holdUser } from '../support/hold-user.js';
import { startSteward, type Steward } from '../support/steward.js';

const USER = 7;

onServer('writes that wait for a lock (on PostgreSQL only: it takes connections that wait)', () => {
  let steward: Steward;

  beforeAll(async () => {
    steward = await startSteward({
      env: {
        DB_POOL_MAX: '4',
        // A writer gives up long after a reader who finds no connection.
        DB_LOCK_TIMEOUT_MS: '8000',
        DB_STATEMENT_TIMEOUT_MS: '9000',
        DB_ACQUIRE_TIMEOUT_MS: '1500',
        CALL_DEADLINE_MS: '20000',
      },
    });
  });
  afterAll(() => steward.stop());

  const waiting = () => countWaiting(steward.database);

  it('leave connections to reads, and those that cannot begin say so', async () => {
    const holder = await holdUser(steward.database, USER);
    const writes = Array.from({ length: 12 }, (_, n) =>
      steward.call('set_user_role', { user_id: USER, role: `Role ${n}` }),
    );
    try {
      await eventually(async () => (await waiting()) >= 3);
      for (let read = 0; read < 10; read += 1)
        expect(await steward.call('list_recent_users')).toMatchObject({ error: undefined });
      expect(await waiting()).toBe(3);
    } finally {
      await holder.end();
    }
    const answers = await Promise.all(writes);
    const refused = answers.filter(({ error }) => error !== undefined);
    for (const { text } of refused)
      expect(text).toMatch(/^TIMEOUT: All database connections for changes are busy\. Nothing was changed\./);
    const written = await steward.database.query(
      `SELECT FROM user_audit_log WHERE user_id = ${USER} AND field_changed = 'role'`,
    );
    expect(written).toHaveLength(answers.length - refused.length);
    expect(written.length).toBeGreaterThanOrEqual(3);
  });

  it('end their wait for a place with their caller, and leave none behind', async () => {
    const holder = await holdUser(steward.database, USER);
    const cancelling = new AbortController();
    const change = { name: 'set_user_role', arguments: { user_id: USER, role: 'Nobody' } };
    const writes = Array.from({ length: 6 }, () =>
      steward.client.callTool(change, undefined, { signal: cancelling.signal }).catch(() => {}),
    );
    await eventually(async () => (await waiting()) >= 3);
    cancelling.abort();
    await Promise.all(writes);
    await eventually(async () => (await waiting()) === 0);
    await holder.end();
    for (const role of ['One', 'Two', 'Three', 'Four', 'Five'])
      expect(await steward.call('set_user_role', { user_id: USER, role })).toMatchObject({
        error: undefined,
      });
  });
});
