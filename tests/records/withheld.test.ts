import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { APP } from '../support/template.mjs';
import { openOffice, serveOffice, type Office } from './office/office.js';

const TENANT = `org_id = nullif(current_setting('app.tenant', true), '')::int`;

const TABLES = `
  CREATE MATERIALIZED VIEW titles AS SELECT id, org_id, title FROM invoices;
  CREATE VIEW lasting AS SELECT id, title FROM titles;
  CREATE TABLE notes (id int PRIMARY KEY, text text NOT NULL);
  CREATE TABLE letters (org_id int NOT NULL, PRIMARY KEY (id)) INHERITS (notes);
  CREATE TABLE events (id int, org_id int NOT NULL, PRIMARY KEY (id, org_id)) PARTITION BY LIST (org_id);
  CREATE TABLE events_of_8 PARTITION OF events FOR VALUES IN (8);
  CREATE VIEW noted WITH (security_invoker = true) AS SELECT id, text FROM notes;
  CREATE TABLE lines (id int PRIMARY KEY, invoice_id int REFERENCES invoices);
  CREATE TABLE owed (id int PRIMARY KEY, org_id int NOT NULL);
  INSERT INTO notes VALUES (1, 'for all'); INSERT INTO letters VALUES (2, 'seven letter', 7), (3, 'eight letter', 8);
  CREATE TABLE organisations (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO organisations VALUES (7, 'seven'), (8, 'eight'); ALTER TABLE owed ADD FOREIGN KEY (org_id) REFERENCES organisations;
  INSERT INTO events VALUES (1, 8); INSERT INTO lines SELECT id, id FROM invoices; INSERT INTO owed VALUES (1, 7), (2, 8); ANALYZE`;

const MODELS = `
/// @mcp.expose
view Title {
  id    Int    @unique
  /// @mcp.tenant("app.tenant")
  orgId Int    @map("org_id")
  title String
  @@map("titles")
}
/// @mcp.expose
view Lasting {
  id    Int    @unique
  title String
  @@map("lasting")
}
/// @mcp.expose
model Note {
  id   Int    @id
  text String
  @@map("notes")
}
/// @mcp.expose
view Noted {
  id   Int    @unique
  text String
  @@map("noted")
}
/// @mcp.expose
model Letter {
  id    Int    @id
  text  String
  /// @mcp.tenant("app.tenant")
  orgId Int    @map("org_id")
  @@map("letters")
}
/// @mcp.expose
model Event {
  id    Int
  /// @mcp.tenant("app.tenant")
  orgId Int @map("org_id")
  @@id([id, orgId])
  @@map("events")
}
/// @mcp.expose
model EventOf8 {
  id    Int
  orgId Int @map("org_id")
  @@id([id, orgId])
  @@map("events_of_8")
}
/// @mcp.expose
model Line {
  id        Int      @id
  invoiceId Int?     @map("invoice_id")
  bill      Invoice? @relation(fields: [invoiceId], references: [id])
  @@map("lines")
}
/// @mcp.expose
model Owed {
  id    Int @id
  /// @mcp.tenant("app.tenant")
  orgId Int @map("org_id")
  org   Organisation @relation(fields: [orgId], references: [id])
  @@map("owed")
}
/// @mcp.expose
model Organisation {
  id   Int    @id
  name String
  owed Owed[]
  @@map("organisations")
}
`;

onServer('what could show the rows of other tenants, on a PostgreSQL server', () => {
  let office: Office;
  beforeAll(async () => {
    // The relation of Line needs its other end.
    office = await openOffice(
      TABLES,
      (schema) => schema.replace('tags       Tag[]', 'tags       Tag[]\n  lines      Line[]') + MODELS,
    );
    for (const command of ['grants', 'rls']) {
      const { stdout } = await run([command, '--role', APP], office.env);
      // Title is materialised, which nothing makes a view of its caller's.
      await office.database.query(stdout.replace(/^ALTER VIEW .*$/m, ''));
    }
  });
  afterAll(() => office.drop());

  /** Asks once, as organisation 7. */
  async function count(model: string, env: Record<string, string> = {}) {
    const { steward, call } = await serveOffice(office, { org_id: 7 }, env);
    const asked = call('count_records', { model });
    await asked.catch(() => {});
    await steward.stop();
    const { data, text, error } = await asked;
    return { count: data?.count, text, error, log: steward.stderr() };
  }
  const doctor = async () => (await run(['doctor'], office.env)).stdout;

  async function expectWithheld(model: string, reason: string, env: Record<string, string> = {}) {
    const { error, text, log } = await count(model, env);
    expect({ error, text }).toEqual({
      error: 'DATABASE_UNAVAILABLE',
      text: expect.stringContaining(`${model} is not served, because ${reason}`),
    });
    expect(log).toContain(`${model} is not served, because ${reason}`);
  }

  it('is not served by a role with BYPASSRLS', async () => {
    const url = new URL(office.database.env['DATABASE_URL'] ?? '');
    const role = `steward_test_${randomUUID()}`;
    await office.database.query(
      `CREATE ROLE "${role}" LOGIN BYPASSRLS IN ROLE ${APP} PASSWORD '${decodeURIComponent(url.password) || 'none'}'`,
    );
    url.username = role;
    try {
      await expectWithheld('Invoice', 'the role of Steward has BYPASSRLS', { OFFICE_URL: url.href });
    } finally {
      await office.database.query(`DROP ROLE "${role}"`);
    }
  });

  it('is served by the owner of a table whose policies are forced on it', async () => {
    await office.database.query(`ALTER TABLE owed OWNER TO ${APP}`);
    await expectWithheld('Owed', 'the role of Steward owns its table, without FORCE ROW LEVEL SECURITY');
    await office.database.query('ALTER TABLE owed FORCE ROW LEVEL SECURITY');
    expect((await count('Owed')).count).toBe(1);
  });

  it.each([
    ['Title', 'it reads Invoice with the rights of its owner'],
    ['Lasting', 'it reads Invoice with the rights of its owner'],
  ])('is not served by %s, which is materialised or reads what is', async (model, reason) => {
    await expectWithheld(model, reason);
    expect(await doctor()).toContain(`FAIL  tenants: ${model} is not served, because ${reason}`);
  });

  it.each([
    ['Note', 'it shares rows with Letter'],
    ['Noted', 'it reads Letter, of which no policy narrows anything'],
    ['EventOf8', 'it shares rows with Event'],
  ])('is not served by %s, as a parent, a partition, or a view of one', async (model, reason) => {
    await expectWithheld(model, reason);
    expect(await doctor()).toContain(`FAIL  tenants: ${model} is not served, because ${reason}`);
    const { steward, call } = await serveOffice(office, { org_id: 7 });
    const { rows } = (await call('describe_models', {})).data.models;
    await steward.stop();
    expect(rows.find(([name]) => name === model)?.[2]).toBe('');
    expect((await count('Letter')).count).toBe(1);
    expect((await count('Event')).count).toBe(0);
  });

  describe('by policies', () => {
    const SHOWN = 'the row policies of its table show this role every row';
    const UNCOMPARED = 'the row policies of Owed need not compare the setting app.tenant';
    it.each([
      ['one for all rows', ['USING (true)'], SHOWN],
      ['one of a tenant beside one for all rows', [`USING (${TENANT})`, 'USING (true)'], SHOWN],
      ['one of a tenant for a role that Steward is not', [`TO pg_monitor USING (${TENANT})`], undefined],
      ['one of a tenant for changes', ['USING (true)', `FOR INSERT WITH CHECK (${TENANT})`], SHOWN],
      ['one by a function', ['USING (theirs(org_id))'], UNCOMPARED],
      ['one of a tenant beside one by another', [`USING (${TENANT})`, 'USING (org_id > 0)'], UNCOMPARED],
      ['one of a tenant', [`USING (${TENANT})`], undefined],
      [
        'one of a tenant for all, and all rows',
        ['USING (true)', `AS RESTRICTIVE USING (${TENANT})`],
        undefined,
      ],
    ])('that are %s', async (_what, policies, said) => {
      await office.database.query(`ALTER TABLE owed OWNER TO CURRENT_USER`);
      await office.database.query(`GRANT SELECT ON owed TO ${APP}`);
      await office.database.query(
        'CREATE OR REPLACE FUNCTION theirs(int) RETURNS boolean LANGUAGE sql AS $$ SELECT $1 = 7 $$',
      );
      await office.database.query('DROP POLICY IF EXISTS steward_reads ON owed');
      await office.database.query('DROP POLICY IF EXISTS steward_tenant ON owed');
      for (const [at, policy] of policies.entries()) {
        const [, kind = '', rest] = /^(AS RESTRICTIVE )?(.*)$/.exec(policy) ?? [];
        await office.database.query(`CREATE POLICY p${at} ON owed ${kind}${rest}`);
      }
      try {
        if (said === SHOWN) await expectWithheld('Owed', SHOWN);
        else {
          const { error, log } = await count('Owed');
          expect(error).toBeUndefined();
          if (said === undefined) expect(log).not.toMatch(/Owed is|policies of Owed/);
          else expect(log).toContain(said);
        }
        if (said === UNCOMPARED) expect(await doctor()).toContain(`warn  tenants: ${UNCOMPARED}`);
      } finally {
        for (const at of policies.keys()) await office.database.query(`DROP POLICY p${at} ON owed`);
      }
    });
  });

  it('is said of a model without a tenant that refers to one, until its rows have policies', async () => {
    const words = 'every caller sees all rows of Line, whose field bill refers to Invoice of tenants';
    const { count: lines, log } = await count('Line');
    expect(lines).toBe(180);
    expect(log).toContain(words);
    expect(await doctor()).toContain(`warn  tenants: ${words}`);
    await office.database.query(`
      ALTER TABLE lines ENABLE ROW LEVEL SECURITY;
      CREATE POLICY theirs ON lines USING (EXISTS (SELECT FROM invoices AS i WHERE i.id = invoice_id))`);
    const narrowed = await count('Line');
    expect(narrowed.count).toBe(90);
    expect(narrowed.log + (await doctor())).not.toContain(words);
  });

  it('is said of the model whose rows are the tenants, until it has one itself', async () => {
    const words = 'every caller sees all rows of Organisation, which the tenant Owed.orgId refers to';
    const { count: all, log } = await count('Organisation');
    expect(all).toBe(2);
    expect(log).toContain(words);
    const section = { models: { Organisation: { tenant: { id: 'app.tenant' } } } };
    const env = await office.configure(section, { caller: { claims: { org_id: 7 } } });
    await office.database.query(
      (await run(['rls', '--role', APP], env)).stdout.replace(/^ALTER VIEW .*$/m, ''),
    );
    const own = await count('Organisation', env);
    expect(own.count).toBe(1);
    // The log names the model that was asked for, too.
    expect(own.log + (await run(['doctor'], env)).stdout).not.toMatch(/rows of Organisation|Organisation is/);
  });

  it('is said where callers have claims and no field says whose a row is', async () => {
    const env = await office.configure({ schema: await office.write(WITHOUT_TENANT) });
    const words = 'no field says whose a row is: nothing looks whether row policies compare them';
    expect((await run(['doctor'], env)).stdout).toContain(words);
  });
});

const WITHOUT_TENANT = `
datasource db {
  provider = "postgresql"
}
/// @mcp.expose
model Tag {
  id   Int    @id
  name String
  @@map("tags")
}
`;
