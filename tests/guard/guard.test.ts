import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { onServer } from '../support/conditions.js';
import { brokenRules, census } from '../support/data-rules.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { logged } from '../support/log.js';
import { startSteward, type Steward } from '../support/steward.js';

let shared: TestDatabase;
let steward: Steward;

beforeAll(async () => void (shared = await freshDatabase()));
afterAll(() => shared.drop());
afterEach(() => steward.stop());

/** A server with these settings. */
const start = async (env: Record<string, string> = {}) =>
  void (steward = await startSteward({ env, database: shared }));
/** A server on a database of its own, to be spoilt. */
const startAlone = async () => void (steward = await startSteward());

interface Refusal {
  code: number;
  message: string;
  data: Record<string, unknown>;
}

const refusalOf = (request: Promise<unknown>): Promise<Refusal> =>
  request.then(
    () => Promise.reject(new Error('was not refused')),
    (error: Refusal) => error,
  );

const readDepartments = () => steward.client.readResource({ uri: 'directory://departments' });
const getPrompt = () =>
  steward.client.getPrompt({ name: 'department_report', arguments: { department: 'Sales' } });
const completeRole = (value = 'Dev') =>
  steward.client.complete({
    ref: { type: 'ref/prompt', name: 'onboard_user' },
    argument: { name: 'role', value },
  });

const callLines = (count: number) => logged(steward, 'call', count);

describe('the rate limit', () => {
  it('counts calls of all kinds, answered or not, and refuses each beyond it with the seconds to wait; lists and ping are free', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '5' });
    await readDepartments();
    await getPrompt();
    await completeRole();
    expect((await steward.call('no_such_tool')).error).toBe('NOT_FOUND');
    expect((await steward.call('list_recent_users', { limit: 0 })).error).toBe('VALIDATION');

    const result = await steward.client.callTool({ name: 'list_departments', arguments: {} });
    const [content] = result.content as { text: string }[];
    const seconds = Number(/^RATE_LIMITED: .*Wait (\d+) s/.exec(content?.text ?? '')?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(result.isError).toBe(true);
    expect(result._meta?.['steward/error']).toEqual({ code: 'RATE_LIMITED', retry_after_seconds: seconds });
    for (const refused of [readDepartments(), getPrompt(), completeRole()]) {
      const { code, message, data } = await refusalOf(refused);
      expect(code).toBe(-32000);
      expect(message).toMatch(/RATE_LIMITED: .*Wait \d+ s/);
      expect(data).toEqual({ code: 'RATE_LIMITED', retry_after_seconds: expect.any(Number) });
    }

    expect((await steward.client.listTools()).tools.length).toBeGreaterThan(0);
    expect((await steward.client.listResources()).resources.length).toBeGreaterThan(0);
    expect((await steward.client.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(0);
    expect((await steward.client.listPrompts()).prompts.length).toBeGreaterThan(0);
    expect(await steward.client.ping()).toEqual({});
  });
});

describe('the log', () => {
  it('has one line for each call, refused or not: who, what, how it ended, how long it took, how many rows it moved', async () => {
    await start({ STEWARD_CALLER: 'the auditor', RATE_LIMIT_PER_MINUTE: '11' });
    await steward.call('list_recent_users', { limit: 7 });
    await steward.call('set_user_role', { user_id: 3, role: 'Logged' });
    await readDepartments();
    await getPrompt();
    await completeRole();
    await steward.call('no_such_tool');
    await steward.call('list_recent_users', { limit: 0 });
    await steward.call('get_user', { id: 2_000_000_000 });
    await refusalOf(steward.client.readResource({ uri: 'directory://nothing' }));
    await refusalOf(steward.client.getPrompt({ name: 'onboard_user', arguments: {} }));
    await steward.call('get_user', { id: 1 });
    await steward.call('list_departments');
    const lines = await callLines(12);
    expect(lines.map((line) => [line['kind'], line['capability'], line['outcome'], line['rows']])).toEqual([
      ['tool', 'list_recent_users', 'OK', 7],
      ['tool', 'set_user_role', 'OK', 1],
      ['resource', 'directory://departments', 'OK', 8],
      ['prompt', 'department_report', 'OK', 1],
      ['completion', 'onboard_user', 'OK', 1],
      ['tool', 'no_such_tool', 'NOT_FOUND', 0],
      ['tool', 'list_recent_users', 'VALIDATION', 0],
      ['tool', 'get_user', 'NOT_FOUND', 0],
      ['resource', 'directory://nothing', 'NOT_FOUND', 0],
      ['prompt', 'onboard_user', 'VALIDATION', 0],
      ['tool', 'get_user', 'OK', 1],
      ['tool', 'list_departments', 'RATE_LIMITED', 0],
    ]);
    for (const line of lines) {
      expect(line).toMatchObject({ level: 'info', caller: 'the auditor' });
      expect(line['requestId']).toMatch(/^[0-9a-f-]{36}$/);
      expect(line['ms']).toBeGreaterThan(0);
    }
    expect(new Set(lines.map((line) => line['requestId'])).size).toBe(12);
    // The audit row names its call by the same id.
    const sql = 'SELECT actor, tool FROM user_audit_log WHERE request_id = $1';
    expect(await steward.database.query(sql, [lines[1]?.['requestId']])).toEqual([
      { actor: 'the auditor', tool: 'set_user_role' },
    ]);
  });
});

function expectNoSecret(): void {
  expect(steward.stderr()).not.toMatch(/jane\.private|corp-secret|confidential(?:search|preference)/i);
}

describe('what people typed', () => {
  const EMAIL = 'jane.private@corp-secret.example';
  const LONG_EMAIL = `${'jane.private.'.repeat(4)}annabelle@corp-secret.example`;
  const SEARCH = 'confidentialsearch';
  const PREFERENCE = 'confidentialpreference';

  it('is in no line of the log, also where it was typed into the wrong argument', async () => {
    await start({ RATE_LIMIT_PER_MINUTE: '1000' });
    const preferences = { [PREFERENCE]: { a: PREFERENCE } };
    const calls: [tool: string, args?: Record<string, unknown>][] = [
      ['create_user', { username: 'jane_p', email: EMAIL }],
      ['create_user', { username: 'JANE_P', email: EMAIL }],
      ['create_user', { username: 'jane_q', email: EMAIL.toUpperCase() }],
      ['get_user', { email: EMAIL }],
      ['find_users', { search: SEARCH }],
      ['find_users', { search: EMAIL }],
      ['update_user_preferences', { user_id: 1, preferences }],
      ['get_user_preferences', { user_id: 1 }],
      ['find_users', { query: SEARCH, [SEARCH]: true, [EMAIL]: 1 }],
      ['find_users', { limit: SEARCH, page: SEARCH, active: SEARCH }],
      ['get_user', { id: SEARCH, username: SEARCH.repeat(4) }],
      [EMAIL],
      [`${'x'.repeat(90)}${EMAIL}`],
    ];
    const typed = [EMAIL, LONG_EMAIL, { [PREFERENCE]: EMAIL }, [SEARCH], `mail ${EMAIL} now`, `"${EMAIL}"`];
    for (const wrong of typed)
      calls.push(
        ['create_user', { username: wrong, email: wrong, department: wrong, role: wrong }],
        ['get_user', { username: wrong }],
        ['get_user', { id: wrong, user_id: wrong }],
        ['find_users', { department: wrong, role: wrong, active: wrong, limit: wrong, page: wrong }],
        ['transfer_user', { user_id: wrong, new_department: wrong }],
        ['create_department', { name: wrong }],
      );
    for (const [tool, args] of calls) await steward.call(tool, args);
    const uris = [EMAIL, encodeURIComponent(EMAIL), LONG_EMAIL.repeat(2)].flatMap((path) => [
      `directory://users/${path}`,
      `directory://users?search=${SEARCH}&email=${path}`,
    ]);
    for (const uri of uris) await refusalOf(steward.client.readResource({ uri }));
    await steward.client.getPrompt({ name: 'onboard_user', arguments: { username: 'jane_r', email: EMAIL } });
    await completeRole(EMAIL);
    await refusalOf(steward.client.getPrompt({ name: EMAIL, arguments: { [EMAIL]: EMAIL } }));
    await callLines(calls.length + uris.length + 3);
    expectNoSecret();
  });

  it('stays out of the causes of database errors, which the log has and the caller has not', async () => {
    await startAlone();
    await steward.database.query(`ALTER TABLE users ADD CONSTRAINT no_luck CHECK (username <> 'jane_p')`);
    await steward.database.query(
      `ALTER TABLE user_preferences ADD CONSTRAINT nothing CHECK (NOT preferences ? '${PREFERENCE}')`,
    );
    await steward.database.query(`
      CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'bad: %', NEW; END $$`);
    await steward.database.query(`
      CREATE TRIGGER complain BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.username = 'jane_q') EXECUTE FUNCTION complain()`);
    const preferences = { [PREFERENCE]: PREFERENCE };
    const refused = [
      await steward.call('create_user', { username: 'jane_p', email: EMAIL }),
      await steward.call('create_user', { username: 'jane_q', email: EMAIL }),
      await steward.call('update_user_preferences', { user_id: 1, preferences }),
    ];
    const expected = [
      ['VALIDATION', /no_luck/],
      ['INTERNAL', /bad/],
      ['VALIDATION', /nothing/],
    ] as const;
    for (const [at, [outcome, cause]] of expected.entries()) {
      const { error, text = '' } = refused[at] ?? {};
      expect(error).toBe(outcome);
      expect(text).not.toMatch(/no_luck|constraint|users|prisma|23514|P20|\.js|select|insert/i);
      const found = await eventually(() => steward.log().find((line) => cause.test(String(line['cause']))));
      expect(found).toMatchObject({ message: 'call', outcome });
    }
    expectNoSecret();
  });
});

describe('a full disk of the database', () => {
  it('is DATABASE_UNAVAILABLE for who writes, with what to do, and reading goes on', async () => {
    await startAlone();
    await steward.database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100'; END $$`);
    await steward.database.query(
      'CREATE TRIGGER no_room BEFORE INSERT ON user_audit_log FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    const refused = await steward.call('set_user_role', { user_id: 1, role: 'Tester' });
    expect(refused.error).toBe('DATABASE_UNAVAILABLE');
    expect(refused.text).toMatch(/no room left on its disk\. Nothing was changed.*Tell the operator/);
    expect(refused.text).not.toMatch(/base\/|space|extend/i);
    expect((await steward.call('get_user', { id: 1 })).data.user.role).not.toBe('Tester');
  });
});

describe('a table that is gone', () => {
  it('is DATABASE_UNAVAILABLE without a name, for tools, resources and prompts; the log has the name', async () => {
    await startAlone();
    await steward.database.query('ALTER TABLE departments RENAME TO moved_away');
    const { error, text } = await steward.call('list_departments');
    expect(error).toBe('DATABASE_UNAVAILABLE');
    const refusals = [await refusalOf(readDepartments()), await refusalOf(getPrompt())];
    for (const { code, message, data } of refusals) {
      expect(code).toBe(-32000);
      expect(message).toContain('DATABASE_UNAVAILABLE: ');
      expect(data).toEqual({ code: 'DATABASE_UNAVAILABLE' });
    }
    for (const told of [text, ...refusals.map(({ message }) => message)]) {
      expect(told).not.toMatch(/departments|relation|prisma|42P01|P20/i);
    }
    for (const line of await callLines(3)) expect(line['cause']).toMatch(/departments/);
    expect((await steward.call('get_user_preferences', { user_id: 1 })).error).toBeUndefined();
  });
});

describe('a caller who cancels', () => {
  it('is logged as CANCELLED, gets no answer, and leaves nothing half-written', async () => {
    await start();
    await steward.call('list_departments');
    const before = await census(steward.database);
    await steward.database.query('BEGIN');
    await steward.database.query('SELECT FROM users WHERE id = 1 FOR UPDATE');
    const caller = new AbortController();
    const call = steward.client.callTool(
      { name: 'set_user_role', arguments: { user_id: 1, role: 'Never' } },
      undefined,
      { signal: caller.signal },
    );
    const refused = refusalOf(call);
    await setTimeout(300);
    caller.abort();
    await refused;
    expect((await callLines(2)).at(-1)).toMatchObject({ capability: 'set_user_role', outcome: 'CANCELLED' });
    await steward.database.query('COMMIT');
    expect((await steward.call('set_user_role', { user_id: 1, role: 'Now' })).data.change).toMatchObject({
      new_value: 'Now',
    });
    expect(await census(steward.database)).toMatchObject({ changes: (before['changes'] as number) + 1 });
    expect(await brokenRules(steward.database)).toEqual({});
  });
});

const transfer = (to: string) => steward.call('transfer_user', { user_id: 1, new_department: to });

async function timed<Answer>(work: Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const started = performance.now();
  return { answer: await work, ms: performance.now() - started };
}

/** Until no session of this server is in the middle of something. */
async function settled(): Promise<void> {
  await eventually(async () => {
    const busy = await steward.database.query(`
      SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'steward' AND state <> 'idle'`);
    return busy.length === 0;
  });
}

async function expectNothingWritten(
  before: Record<string, number>,
  department: unknown,
  to: string,
): Promise<void> {
  await settled();
  expect(await census(steward.database)).toEqual(before);
  expect(await steward.database.query('SELECT department_id FROM users WHERE id = 1')).toEqual(department);
  expect(await brokenRules(steward.database)).toEqual({});
  expect((await transfer(to)).data.change).toMatchObject({ field: 'department', new_value: to });
}

onServer('a lock that another session holds', () => {
  const LIMITS = { CALL_DEADLINE_MS: '1500', DB_ACQUIRE_TIMEOUT_MS: '1400', DB_STATEMENT_TIMEOUT_MS: '1400' };
  it('is waited for no longer than DB_LOCK_TIMEOUT_MS, which is TIMEOUT and leaves nothing half-written', async () => {
    await start({ ...LIMITS, DB_LOCK_TIMEOUT_MS: '300' });
    const before = await census(steward.database);
    const department = await steward.database.query('SELECT department_id FROM users WHERE id = 1');
    await steward.database.query('BEGIN');
    await steward.database.query('SELECT FROM users WHERE id = 1 FOR UPDATE');
    const { answer, ms } = await timed(transfer('Finance'));
    expect(answer.text).toMatch(/^TIMEOUT: Another client is changing the same record\./);
    expect(ms).toBeLessThan(1500);
    await steward.database.query('COMMIT');
    await expectNothingWritten(before, department, 'Finance');
  });

  it('is waited for until the deadline at most, and what comes after it is rolled back', async () => {
    await start({ ...LIMITS, DB_LOCK_TIMEOUT_MS: '1400' });
    await steward.call('list_departments');
    const before = await census(steward.database);
    const department = await steward.database.query('SELECT department_id FROM users WHERE id = 1');
    await steward.database.query('BEGIN');
    await steward.database.query('LOCK TABLE user_audit_log');
    await steward.database.query('SAVEPOINT first');
    await steward.database.query('SELECT FROM users WHERE id = 1 FOR UPDATE');
    // Two statements wait for a lock: each within its limits, both together beyond the deadline.
    const waiting = timed(transfer('Marketing'));
    await setTimeout(700);
    await steward.database.query('ROLLBACK TO first');
    const { answer, ms } = await waiting;
    expect(answer.text).toMatch(/^TIMEOUT: No answer within 1.5 s\..*check first whether it was made/);
    expect(ms).toBeLessThan(1500 + 1000);
    await steward.database.query('COMMIT');
    await expectNothingWritten(before, department, 'Marketing');
  });
});
