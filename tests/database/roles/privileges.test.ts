import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { prisma, ROOT, steward } from '../../support/command.mjs';
import { onEmbedded, onServer, onServerOfItsOwn } from '../../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';
import { PostgresServer } from '../../support/postgres-server.mjs';

/** The code of what came of a statement as the role that Steward connects as. */
const outcomeOf = (client: pg.Client, sql: string) =>
  client.query(sql).then(
    () => 'done',
    (error: pg.DatabaseError) => error.code,
  );
const REFUSED = '42501';

onServer('the role that Steward connects as (of a PostgreSQL server: the embedded one has one user)', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await freshDatabase();
    await database.query(`
      INSERT INTO user_audit_log (user_id, field_changed, actor, tool, request_id) VALUES (1, 'role', 'a', 't', 'r')`);
    await database.query('INSERT INTO user_preferences (user_id) VALUES (1)');
    client = new pg.Client({ connectionString: database.env['DATABASE_URL'] });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('is neither superuser nor owner, and doctor finds that it has all it needs and nothing more', async () => {
    await expectGoodFor(database.env);
  });

  // One of each kind: doctor, above, has compared every privilege on tables and columns.
  it.each([
    'DELETE FROM users WHERE id = 1',
    'TRUNCATE user_preferences',
    'DELETE FROM user_audit_log',
    `UPDATE user_audit_log SET actor = 'another actor'`,
    'TRUNCATE user_audit_log',
    `INSERT INTO user_audit_log (id, user_id, field_changed, actor, tool, request_id) VALUES (1, 2, 'role', 'a', 't', 'r')`,
    `INSERT INTO user_audit_log (user_id, field_changed, actor, tool, request_id, changed_at)
     VALUES (2, 'role', 'a', 't', 'r', '2001-01-01')`,
    'DELETE FROM used_answers',
    `INSERT INTO used_answers (id, used_at) VALUES (gen_random_uuid(), '2001-01-01')`,
    'UPDATE users SET id = 4711 WHERE id = 1',
    `INSERT INTO users (id, username, email) VALUES (4711, 'chosen', 'chosen@example.com')`,
    'UPDATE headcounts SET users = 1000',
    `SELECT setval('users_id_seq', 1)`,
    'UPDATE _prisma_migrations SET finished_at = NULL',
    'CREATE TABLE mine (id int)',
    'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE SCHEMA mine',
    'ALTER TABLE users ADD COLUMN mine int',
    'ALTER TABLE user_audit_log DISABLE TRIGGER ALL',
    'DROP TABLE user_preferences',
    'DROP TRIGGER user_audit_log_append_only ON user_audit_log',
    'ALTER FUNCTION follow_users() SECURITY INVOKER',
    'CREATE ROLE mine',
    'GRANT steward_owner TO steward_app',
    'SET ROLE steward_owner',
    `COPY users TO '/tmp/users'`,
  ])('may not: %s', async (sql) => {
    expect(await outcomeOf(client, sql)).toBe(REFUSED);
  });

  it('counts heads through what it writes', async () => {
    await client.query(
      `INSERT INTO users (username, email, role) VALUES ('counted', 'c@example.com', 'Counted')`,
    );
    await client.query(`UPDATE users SET active = false WHERE username = 'counted'`);
    expect(
      await client.query(`SELECT active, users FROM headcounts WHERE role = 'Counted' ORDER BY active`),
    ).toMatchObject({
      rows: [
        { active: false, users: 1 },
        { active: true, users: 0 },
      ],
    });
  });
});

describe('the audit log', () => {
  it.each([
    "UPDATE user_audit_log SET actor = 'another'",
    'DELETE FROM user_audit_log',
    'TRUNCATE user_audit_log',
  ])('is append-only for a superuser, too, also where triggers are passed by: %s', async (sql) => {
    const database = await freshDatabase();
    await database.query('SET session_replication_role = replica');
    await expect(database.query(sql)).rejects.toMatchObject({
      code: REFUSED,
      message: expect.stringContaining('append-only'),
    });
    await database.query('RESET session_replication_role');
    await database.drop();
  });
});

describe('the triggers, where others may create things in the schema', () => {
  let database: TestDatabase;
  const headcounts = () =>
    database.query(
      `SELECT department_id, role, active, users FROM headcounts WHERE users > 0 ORDER BY 1, 2, 3`,
    );
  const census = () =>
    database.query(
      `SELECT department_id, role, active, count(*)::int AS users FROM users GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );

  beforeAll(async () => void (database = await freshDatabase()));
  afterAll(() => database.drop());

  it('call none of them, and count on', async () => {
    for (const [signature, result] of [
      ['unnest(headcounts[])', 'SETOF headcounts'],
      ['append(headcounts[], headcounts[])', 'headcounts[]'],
      ['sum_step(int, int)', 'int'],
      ['count_step(bigint)', 'bigint'],
      ['negate(bigint)', 'bigint'],
      ['add(int, int)', 'int'],
      ['differs(bigint, int)', 'boolean'],
      ['same(text, text)', 'boolean'],
      ['nextval(regclass)', 'bigint'],
      ['is(oid, regclass)', 'boolean'],
    ])
      await database.query(`CREATE FUNCTION public.${signature} RETURNS ${result} LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'trapped in ${signature}'; END $$`);
    for (const trap of [
      'AGGREGATE public.sum(int) (SFUNC = public.sum_step, STYPE = int)',
      'AGGREGATE public.count(*) (SFUNC = public.count_step, STYPE = bigint)',
      'OPERATOR public.|| (LEFTARG = headcounts[], RIGHTARG = headcounts[], FUNCTION = public.append)',
      'OPERATOR public.- (RIGHTARG = bigint, FUNCTION = public.negate)',
      'OPERATOR public.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = public.add)',
      'OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = public.is)',
      'OPERATOR public.<> (LEFTARG = bigint, RIGHTARG = int, FUNCTION = public.differs)',
      'OPERATOR public.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.same)',
    ])
      await database.query(`CREATE ${trap}`);
    await database.query('SET search_path = public, pg_catalog');
    await database.query(
      `INSERT INTO users (username, email) VALUES ('a', 'a@x.example'), ('b', 'b@x.example')`,
    );
    await database.query(`UPDATE users SET role = 'Trapped' WHERE username IN ('a', 'b')`);
    await database.query(`DELETE FROM users WHERE username = 'b'`);
    await database.query('RESET search_path');
    expect(await headcounts()).toEqual(await census());
    expect(await headcounts()).toContainEqual({ department_id: 1, role: 'Trapped', active: true, users: 1 });
  });

  it('cannot be made to count the rows of another table', async () => {
    const decoy = `
      CREATE TABLE decoy AS SELECT department_id, role, active FROM users WITH NO DATA;
      CREATE TRIGGER counted AFTER INSERT ON decoy REFERENCING NEW TABLE AS users_after
        FOR EACH STATEMENT EXECUTE FUNCTION follow_users()`;
    const falsify = `INSERT INTO decoy VALUES (1, 'Ghost', true)`;
    const role = `steward_test_${randomUUID()}`;
    await database.query(`CREATE ROLE "${role}"`);
    await database.query(`GRANT SELECT ON users TO "${role}"`);
    await database.query(`GRANT CREATE, USAGE ON SCHEMA public TO "${role}"`);
    await database.query(`SET ROLE "${role}"`);
    await expect(database.query(decoy)).rejects.toMatchObject({
      code: REFUSED,
      message: expect.stringContaining('follow_users'),
    });
    await database.query('RESET ROLE');
    await database.query(`DROP OWNED BY "${role}"`);
    await database.query(`DROP ROLE "${role}"`);

    await database.query(decoy);
    await expect(database.query(falsify)).rejects.toMatchObject({ code: REFUSED });
    expect(await headcounts()).toEqual(await census());
  });
});

const login = (user: string) => ({ user, password: `${user}'s secret` });

const statementsOfRoles = async () =>
  (await readFile(path.join(ROOT, 'prisma', 'roles.sql'), 'utf8')).split(/(?<=^END \$\$;)/m);

/** Runs the file as `psql -f` does: statement by statement, each a transaction of its own. */
const runRoles = async (url: string) => {
  const client = new pg.Client({ connectionString: url });
  const notices: string[] = [];
  client.on('notice', ({ message }) => notices.push(message ?? ''));
  await client.connect();
  try {
    for (const statement of await statementsOfRoles()) await client.query(statement);
    return notices;
  } finally {
    await client.end();
  }
};

const expectGoodFor = async (env: Record<string, string>) => {
  const { code, stdout } = await steward(['doctor'], env);
  expect(stdout).toMatch(/ok {3}privileges: all that the tools need/);
  // The server's own locale is C.
  expect(stdout).not.toMatch(/FAIL|warn {2}(?!text: the locale)/);
  expect(code).toBe(0);
};

onEmbedded('prisma/roles.sql (on the embedded database, newer than 15 and with roles of its own)', () => {
  it('can be run by an owner of the database who created the roles and is no superuser', async () => {
    const database = await freshDatabase();
    await database.query('CREATE ROLE administrator CREATEROLE CREATEDB');
    await database.query(`DO $$ DECLARE mine record; BEGIN
        ALTER DATABASE postgres OWNER TO administrator;
        FOR mine IN SELECT oid::regclass AS object FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
          EXECUTE format('ALTER TABLE %s OWNER TO administrator', mine.object);
        END LOOP;
        FOR mine IN SELECT tgfoid::regprocedure AS object FROM pg_trigger WHERE NOT tgisinternal LOOP
          EXECUTE format('ALTER FUNCTION %s OWNER TO administrator', mine.object);
        END LOOP;
      END $$`);
    await database.query('SET ROLE administrator');
    for (let time = 1; time <= 2; time += 1)
      for (const statement of await statementsOfRoles()) await database.query(statement);
    await database.query('RESET ROLE');
    expect(
      await database.query(`
          SELECT relowner::regrole::text AS owner, has_column_privilege('steward_app', 'users', 'role', 'UPDATE') AS granted
          FROM pg_class WHERE relname = 'users'`),
    ).toEqual([{ owner: 'steward_owner', granted: true }]);
    await database.drop();
  });
});

onServerOfItsOwn('prisma/roles.sql (on a PostgreSQL of its own)', () => {
  let server: PostgresServer;
  const asOwner = (database: string) => ({ DATABASE_URL: server.url(database, login('steward_owner')) });
  const asApp = (database: string) => ({ DATABASE_URL: server.url(database, login('steward_app')) });

  const givePasswords = async () => {
    for (const { user, password } of [login('steward_owner'), login('steward_app')])
      await server.query(`ALTER ROLE ${user} PASSWORD '${password.replace("'", "''")}'`);
  };
  beforeAll(async () => void (server = await PostgresServer.create()));
  afterAll(() => server?.destroy());

  it('lets an owner of a database who is no superuser set everything up', async () => {
    await server.query(`CREATE ROLE administrator LOGIN CREATEROLE CREATEDB PASSWORD 'few'`);
    await server.query('CREATE DATABASE fresh OWNER administrator');
    await runRoles(server.url('fresh', { user: 'administrator', password: 'few' }));
    expect((await steward(['doctor'], asApp('fresh'))).stdout).toMatch(/FAIL {2}connection/);
    await givePasswords();
    expect(await prisma(['migrate', 'deploy'], asOwner('fresh'))).toMatchObject({ code: 0 });
    for (let time = 1; time <= 2; time += 1) {
      const again = ['db', 'execute', '--file', 'prisma/roles.sql'];
      expect(await prisma(again, asOwner('fresh'))).toMatchObject({ code: 0 });
      await expectGoodFor(asApp('fresh'));
    }
    const client = new pg.Client({ connectionString: asApp('fresh').DATABASE_URL });
    await client.connect();
    expect(await outcomeOf(client, 'CREATE TEMPORARY TABLE mine (id int)')).toBe(REFUSED);
    await client.end();
  });

  it('takes over a database that a superuser migrated, and takes away what was granted before', async () => {
    await server.query('CREATE DATABASE grown');
    expect(await prisma(['migrate', 'deploy'], { DATABASE_URL: server.url('grown') })).toMatchObject({
      code: 0,
    });
    await runRoles(server.url('grown'));
    await givePasswords();
    await server.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO steward_app', 'grown');
    expect((await steward(['doctor'], asApp('grown'))).stdout).toMatch(/more than the tools need/);
    await runRoles(server.url('grown'));
    await expectGoodFor(asApp('grown'));
    const owners = await server.query(
      `SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
       UNION SELECT DISTINCT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')`,
      'grown',
    );
    expect(owners).toEqual([{ owner: 'steward_owner' }]);
  });

  it('takes from steward_app all other powers, but not those that `db slow` needs', async () => {
    await server.query('ALTER ROLE steward_app SUPERUSER CREATEROLE CREATEDB REPLICATION BYPASSRLS');
    await server.query('GRANT steward_owner, pg_write_all_data, pg_read_all_stats TO steward_app');
    await runRoles(server.url('grown'));
    expect(
      await server.query(`
        SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powerful,
          ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = pg_roles.oid) AS memberships
        FROM pg_roles WHERE rolname = 'steward_app'`),
    ).toEqual([{ powerful: false, memberships: ['pg_read_all_stats'] }]);
  });

  it('takes from steward_app the right to set what superusers set, which doctor sees before', async () => {
    await server.query('GRANT SET ON PARAMETER session_replication_role TO steward_app');
    const { stdout } = await steward(['doctor'], asApp('grown'));
    expect(stdout).toMatch(
      /warn {2}privileges: powers that no tool needs: SET on parameter session_replication_role\n +→ REVOKE SET ON PARAMETER session_replication_role FROM PUBLIC, steward_app;/,
    );
    await runRoles(server.url('grown'));
    await expectGoodFor(asApp('grown'));
  });

  it('says what a superuser has to do, where the one who runs it may not', async () => {
    await server.query(`CREATE ROLE guest LOGIN CREATEROLE CREATEDB PASSWORD 'few'`);
    await server.query('CREATE DATABASE old OWNER guest');
    await server.query('ALTER SCHEMA public OWNER TO postgres', 'old');
    await server.query('ALTER ROLE steward_app REPLICATION');
    const notices = (await runRoles(server.url('old', { user: 'guest', password: 'few' }))).join('\n');
    expect(notices).toContain('ALTER SCHEMA public OWNER TO steward_owner');
    expect(notices).toContain('ALTER ROLE steward_app NOREPLICATION');
    await runRoles(server.url('old'));
    await server.query('DROP DATABASE old');
  });

  it('can be run for several databases at once', async () => {
    await server.query('DROP DATABASE IF EXISTS fresh');
    await server.query('DROP DATABASE IF EXISTS grown');
    await server.query('DROP ROLE steward_app, steward_owner');
    const names = ['one', 'two', 'three', 'four'];
    for (const name of names) await server.query(`CREATE DATABASE ${name}`);
    await Promise.all(names.map((name) => runRoles(server.url(name))));
    expect(
      await server.query(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'steward%' ORDER BY 1`),
    ).toEqual([{ rolname: 'steward_app' }, { rolname: 'steward_owner' }]);
  });
});
