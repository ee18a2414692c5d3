import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { APP, OWNER } from '../support/template.mjs';
import { openOffice, serveOffice, type Office } from './office/office.js';

/** A table and columns that share more characters than a name of PostgreSQL has. */
const LONG = 'ü'.repeat(20);
const TABLES = `
  CREATE VIEW bills AS SELECT id, org_id, title FROM invoices;
  CREATE TABLE "${LONG}" (id int PRIMARY KEY, "org_${LONG}" int NOT NULL, "${LONG}a" int, "${LONG}b" int, words text[])`;
const MODELS = `
/// @mcp.expose
view Bill {
  id    Int    @unique
  /// @mcp.tenant("app.tenant")
  orgId Int    @map("org_id")
  title String
  @@map("bills")
}
/// @mcp.expose
model Long {
  id    Int  @id
  /// @mcp.tenant("app.tenant")
  orgId Int  @map("org_${LONG}")
  a     Int? @map("${LONG}a")
  b     Int? @map("${LONG}b")
  words String[]
  @@index([a], map: "by_a")
  @@index([b], map: "by_b")
  @@index([words], type: Gin)
  @@map("${LONG}")
}
`;

onServer('what `steward grants` and `steward rls` print, on a PostgreSQL server', () => {
  let office: Office;
  beforeAll(async () => {
    office = await openOffice(TABLES, (schema) => schema + MODELS);
  });
  afterAll(() => office.drop());
  afterEach(() => office.database.query('RESET ROLE'));

  const print = async (command: string, section: Record<string, unknown> = {}) => {
    const { code, stdout, stderr } = await run([command, '--role', APP], await office.configure(section));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  const may = async (table: string, columns: string) => {
    const rows = await office.database.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attname = ANY ($1)
         AND has_column_privilege('${APP}', attrelid, attname, 'SELECT') ORDER BY attnum`,
      [columns.split(' ')],
    );
    return rows.map(({ name }) => name).join(' ');
  };

  it('takes back what the role had of models that are no longer exposed, and for changes', async () => {
    await office.database.query(await print('grants'));
    await office.database.query(
      `GRANT SELECT, INSERT ON customers TO ${APP}; GRANT UPDATE (name) ON tags TO ${APP}`,
    );
    expect(await may('tags', 'id name')).toBe('id name');
    expect(await may('customers', 'id name email')).toBe('id name email');
    await office.database.query(await print('grants', { models: { Tag: { expose: false } } }));
    expect(await may('tags', 'id name')).toBe('');
    expect(await may('"_InvoiceToTag"', 'A B')).toBe('');
    expect(await may('customers', 'id name email')).toBe('id name');
    const [rights] = await office.database.query(
      `SELECT has_table_privilege('${APP}', 'customers', 'INSERT') AS insert, has_any_column_privilege('${APP}', 'tags', 'UPDATE') AS update`,
    );
    expect(rights).toEqual({ insert: false, update: false });
  });

  it('can be run by an owner of the tables who may make no roles', async () => {
    for (const table of ['customers', 'invoices', 'tags', '"_InvoiceToTag"', 'paid', 'bills', `"${LONG}"`])
      await office.database.query(`ALTER TABLE ${table} OWNER TO ${OWNER}`);
    await office.database.query(`SET ROLE ${OWNER}`);
    await office.database.query(await print('grants'));
    await office.database.query(await print('rls'));
    await office.database.query('RESET ROLE');
    expect(await may('invoices', 'id org_id title')).toBe('id org_id title');
  });

  it('lets the role read what a view reads with its rights, of a model that is not exposed, too', async () => {
    await office.database.query('ALTER VIEW bills RESET (security_invoker)');
    const section = { models: { Invoice: { expose: false } } };
    // Grants come first, since the policies are for the role that they make.
    for (const command of ['grants', 'rls']) await office.database.query(await print(command, section));
    expect(await may('invoices', 'id org_id title status total')).toBe('id org_id title status');
    const { steward, call } = await serveOffice(
      office,
      { org_id: 7 },
      await office.configure(section, SEVEN),
    );
    expect((await call('count_records', { model: 'Bill' })).data.count).toBe(90);
    expect((await call('count_records', { model: 'Paid' })).data.count).toBe(30);
    await steward.stop();
    await office.database.query(await print('grants'));
  });

  it('name the schema that Steward finds the tables in', async () => {
    for (const command of ['grants', 'rls']) {
      const sql = await print(command, { search_path: ['sales', 'public'] });
      expect(sql).toMatch(/ON "sales"."invoices"/);
      expect(sql).not.toMatch(/(ON|TABLE|VIEW) "(?!sales"|steward|public)/);
    }
  });

  describe('rls', () => {
    it('never shows the role the rows of others, between no two statements, when it is run again', async () => {
      const sql = await print('rls');
      await office.database.query(sql);
      const seen: unknown[] = [];
      for (const statement of sql.split(/;\n/)) {
        await office.database.query(statement);
        await office.database.query(`SET ROLE ${APP}; SET app.tenant = '7'`);
        seen.push(
          ...(await office.database.query('SELECT count(*)::int AS n FROM invoices WHERE org_id = 8')),
          ...(await office.database.query('SELECT count(*)::int AS n FROM customers WHERE org_id = 8')),
        );
        await office.database.query('RESET ROLE; RESET app.tenant');
      }
      expect(seen).toEqual(seen.map(() => ({ n: 0 })));
    });

    it('makes each index once, under a name that PostgreSQL takes whole, however often it is run', async () => {
      const sql = await print('rls');
      const names = [...sql.matchAll(/INDEX IF NOT EXISTS "([^"]+)" ON "public"."ü/g)].map(
        ([, name = '']) => name,
      );
      expect(new Set(names).size).toBe(3);
      for (const name of names) {
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
        expect(sql).toContain(`], map: "${name}")`);
      }
      for (let time = 0; time < 2; time++) {
        await office.database.query(sql);
        const made = await office.database.query<{ name: string }>(
          'SELECT indexname AS name FROM pg_indexes WHERE tablename = $1 ORDER BY 1',
          [LONG],
        );
        expect(made.map(({ name }) => name).toSorted()).toEqual([...names, `${LONG}_pkey`].toSorted());
      }
    });
  });
});

const SEVEN = { caller: { claims: { org_id: 7 } } };
