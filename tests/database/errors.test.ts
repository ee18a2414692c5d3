import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { steward as run } from '../support/command.mjs';
import { onServer, onServerOfItsOwn, whyNoServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { migrateAndSeed } from '../support/migrate.mjs';
import { PostgresServer } from '../support/postgres-server.mjs';
import { RawClient } from '../support/raw-client.js';
import { startSteward, type Steward } from '../support/steward.js';

onServer('a failure of the database, by its code (needs a PostgreSQL server)', () => {
  let database: TestDatabase;
  let steward: Steward;
  beforeAll(async () => {
    database = await freshDatabase();
    steward = await startSteward({ database });
    // Fails with the code that a department is named after.
    await database.query(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN EXECUTE format('DO $x$ BEGIN RAISE EXCEPTION USING ERRCODE = %L; END $x$', NEW.name); END $$;
      CREATE TRIGGER fail BEFORE INSERT ON departments FOR EACH ROW WHEN (NEW.name ~ '^[0-9A-Z]{5}$') EXECUTE FUNCTION fail()`);
  });
  afterAll(async () => {
    await steward.stop();
    await database.drop();
  });

  it.each([
    ['2200H', 'DATABASE_UNAVAILABLE', /sequence/],
    ['22001', 'VALIDATION', /longer/],
    ['22003', 'VALIDATION', /out of range/],
    ['22008', 'VALIDATION', /out of range/],
    ['22021', 'VALIDATION', /plain text/],
    ['22P02', 'VALIDATION', /does not fit/],
    ['22012', 'VALIDATION', /does not fit/],
    ['23502', 'VALIDATION', /rule/],
    ['23514', 'VALIDATION', /rule/],
    ['23503', 'CONFLICT', /refers to/],
    ['23001', 'CONFLICT', /refers to/],
    ['23505', 'CONFLICT', /already/],
    ['23P01', 'CONFLICT', /already/],
    ['25006', 'DATABASE_UNAVAILABLE', /takes no changes at the moment/],
    ['25P02', 'INTERNAL', /inside the server/],
    ['25P04', 'TIMEOUT', /took too long/],
    ['40001', 'CONFLICT', /Another client changed/],
    ['42501', 'DATABASE_UNAVAILABLE', /lacks a right/],
    ['53100', 'DATABASE_UNAVAILABLE', /no room left on its disk/],
    ['53200', 'DATABASE_UNAVAILABLE', /too much to do/],
    ['53300', 'DATABASE_UNAVAILABLE', /too much to do/],
    ['53400', 'TIMEOUT', /Ask for less/],
    ['54001', 'TIMEOUT', /Ask for less/],
    ['57014', 'TIMEOUT', /took too long/],
    ['57P01', 'DATABASE_UNAVAILABLE', /cannot be reached/],
    ['57P04', 'DATABASE_UNAVAILABLE', /does not let this server in/],
    ['57P05', 'DATABASE_UNAVAILABLE', /cannot be reached/],
  ])('%s is %s, in words of its own', async (code, expected, words) => {
    const { error, text } = await steward.call('create_department', { name: code });
    expect(error).toBe(expected);
    expect(text).toMatch(words);
  });

  it('a sequence at its end is said as such', async () => {
    await database.query('ALTER SEQUENCE users_id_seq MAXVALUE 100000');
    await database.query("SELECT setval('users_id_seq', 100000)");
    const last = await steward.call('create_user', { username: 'last_one', email: 'last@example.com' });
    expect(last.text).toMatch(/^DATABASE_UNAVAILABLE: .*sequence has reached its end/);
  });

  it('a right that the role lacks is said as such, named in the log, and found by doctor', async () => {
    await database.query('REVOKE SELECT ON headcounts FROM steward_app');
    const { error, text } = await steward.call('list_departments');
    expect(error).toBe('DATABASE_UNAVAILABLE');
    expect(text).toMatch(/its role lacks a right/);
    expect(await eventually(() => /permission denied for table \w+/.exec(steward.stderr())?.[0])).toBe(
      'permission denied for table headcounts',
    );
    await database.query('REVOKE USAGE ON SCHEMA public FROM steward_app, PUBLIC');
    const { code, stdout } = await run(['doctor'], database.env);
    expect(stdout).toMatch(/FAIL/);
    expect(stdout).toMatch(/USAGE ON SCHEMA public TO/);
    expect(code).toBe(1);
    await database.query('GRANT USAGE ON SCHEMA public TO steward_app');
    expect((await run(['doctor'], database.env)).stdout).toContain(
      'FAIL  privileges: SELECT on headcounts missing',
    );
  });
});

onServer('a database that takes no changes (needs a PostgreSQL server)', () => {
  it('reads, and says of a change that it takes none now', async () => {
    const database = await freshDatabase();
    const [row] = await database.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    await database.query(`ALTER DATABASE ${row?.name} SET default_transaction_read_only = on`);
    const steward = await startSteward({ database });
    expect((await steward.call('list_departments')).error).toBeUndefined();
    const { error, text } = await steward.call('set_user_role', { user_id: 1, role: 'Changed' });
    expect(error).toBe('DATABASE_UNAVAILABLE');
    expect(text).toMatch(/takes no changes at the moment/);
    await steward.stop();
    await database.drop();
  });
});

onServerOfItsOwn(`a hot standby${whyNoServer ? ` (skipped: ${whyNoServer})` : ''}`, () => {
  it('reads, and says of a change that it takes none now', async () => {
    const server = await PostgresServer.create({ wal_level: 'replica' });
    await migrateAndSeed(server.url('steward'));
    const standby = await server.replica();
    const client = new RawClient({ DATABASE_URL: standby.url('steward') });
    await client.greet();
    expect((await client.call('list_departments')).code).toBeUndefined();
    const { code, text } = await client.call('set_user_role', { user_id: 1, role: 'Changed' });
    expect(code).toBe('DATABASE_UNAVAILABLE');
    expect(text).toMatch(/takes no changes at the moment/);
    await client.end();
    await standby.destroy();
    await server.destroy();
  });
});
