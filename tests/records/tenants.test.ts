import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { steward as run } from '../support/command.mjs';
import { onEmbedded, onServer } from '../support/conditions.js';
import { bearing, codeOf, HttpSteward } from '../support/http.js';
import { told } from '../support/log.js';
import { startSteward } from '../support/steward.js';
import { APP } from '../support/template.mjs';
import { openOffice, serveOffice, type Office } from './office/office.js';
import type { RecordsAnswer } from './zoo/zoo.js';

const ORGANISATIONS = { 7: 'seven', 8: 'eight' } as const;
type Organisation = keyof typeof ORGANISATIONS;
const otherOf = (organisation: Organisation): Organisation => (organisation === 7 ? 8 : 7);

onServer('rows of tenants, on a PostgreSQL server, as a role that owns nothing', () => {
  let office: Office;
  const print = async (command: string) => {
    const { code, stdout, stderr } = await run([command, '--role', APP], office.env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  beforeAll(async () => {
    office = await openOffice('');
    // Each may be run again.
    for (const command of ['grants', 'rls', 'grants', 'rls'])
      await office.database.query(await print(command));
  });
  const servers: HttpSteward[] = [];
  afterAll(async () => {
    for (const steward of servers) await steward.stop();
    await office.drop();
  });

  it('are as `steward rls` and `steward grants` made them: doctor finds nothing to say of them', async () => {
    const { code, stdout } = await run(['doctor'], office.env);
    expect(stdout).not.toMatch(/FAIL|tenants:|privileges:/);
    expect(stdout).toMatch(/ok {3}schema: 4 models/);
    expect(code).toBe(0);
  });

  it('need indexes that begin with the tenant, which the migration makes and names for the schema', async () => {
    const sql = await print('rls');
    expect(sql).toMatch(/@@index\(\[orgId, title, status\]\)\n.*\("org_id", "title", "status"\)/);
    expect(sql).toMatch(/-- status: no operator of its type is leakproof/);
    await office.database.query('SET enable_seqscan = off');
    await office.database.query(`SET ROLE ${APP}; SET app.tenant = '7'`);
    const plan = await office.database.query(
      `EXPLAIN SELECT id FROM invoices WHERE title = 'seven title 2' AND status = 'OPEN'`,
    );
    await office.database.query('RESET ROLE; RESET app.tenant; RESET enable_seqscan');
    expect(JSON.stringify(plan)).toMatch(/Index Cond: .*org_id.*title = 'seven title 2'/);
  });

  it('can be read in no column that is hidden or masked, but for keys that relations join by', async () => {
    const sql = await print('grants');
    expect(sql).not.toMatch(/email/);
    expect(sql).toMatch(
      /GRANT SELECT \("customer_id"\) ON "public"\."invoices" TO .*; -- a key, by which Customer\.invoices joins; no caller sees it/,
    );
    expect(sql).toMatch(/GRANT SELECT \("A", "B"\) ON "public"\."_InvoiceToTag" TO .*; -- a join table/);
    const rights = await office.database.query<{ email: boolean; id: boolean; write: boolean }>(
      `SELECT has_column_privilege('${APP}', 'customers', 'email', 'SELECT') AS email,
        has_column_privilege('${APP}', 'customers', 'id', 'SELECT') AS id,
        has_any_column_privilege('${APP}', 'invoices', 'INSERT, UPDATE') AS write`,
    );
    expect(rights).toEqual([{ email: false, id: true, write: false }]);
  });

  it('tell no estimate of how many there are of others', async () => {
    const { steward, call } = await serveOffice(office, { org_id: 7 });
    const { data } = await call('describe_models', {});
    const estimates = Object.fromEntries(data.models.rows.map(([model, , rows]) => [model, rows]));
    expect(estimates).toEqual({ Customer: '', Invoice: '', Tag: '2', Paid: '' });
    await steward.stop();
  });

  it('are never seen by another tenant, whatever is asked by both at one moment, on one pool', async () => {
    const { steward, tokens } = await serveTokens();
    const ask = async (organisation: Organisation, [tool, args]: Call) => {
      const answer = await steward.call(tool, args, bearing(tokens[organisation]));
      return { answer, data: Object(answer.json?.result?.['structuredContent']) as RecordsAnswer['data'] };
    };
    const alone = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(organisation, call), { minLength: 2, maxLength: 12 }),
        async (calls) => {
          const answers = await Promise.all(calls.map(([org, one]) => ask(org, one)));
          for (const [at, { answer, data }] of answers.entries()) {
            const [org, one] = calls[at] as [Organisation, Call];
            const other = otherOf(org);
            expect(answer.text).not.toMatch(
              new RegExp(`${ORGANISATIONS[other]} (title|customer) |\\d\\.0${other}\\b`),
            );
            // What another asks meanwhile changes no answer.
            const key = JSON.stringify([org, one]);
            const { next_cursor: cursor, ...rest } = data;
            const text = JSON.stringify([codeOf(answer), rest]);
            expect(text).toBe(alone.get(key) ?? text);
            alone.set(key, text);
            if (typeof cursor !== 'string') continue;
            const [tool, args] = one;
            const [own, stolen] = await Promise.all([
              ask(org, [tool, { ...args, cursor }]),
              ask(other, [tool, { ...args, cursor }]),
            ]);
            expect(codeOf(own.answer)).toBeUndefined();
            expect(own.answer.text).not.toMatch(
              new RegExp(`${ORGANISATIONS[other]} (title|customer) |\\d\\.0${other}\\b`),
            );
            expect(codeOf(stolen.answer)).toBe('VALIDATION');
          }
        },
      ),
      { seed: 12, numRuns: 60 },
    );
    for (const org of [7, 8] as const) {
      const { data } = await ask(org, ['count_records', { model: 'Invoice' }]);
      expect(data.count).toBe(90);
      const completed = await steward.request(
        'completion/complete',
        {
          ref: { type: 'ref/prompt', name: 'explore' },
          argument: { name: 'value', value: '' },
          context: { arguments: { model: 'Customer', field: 'name' } },
        },
        bearing(tokens[org]),
      );
      expect(completed.json?.result).toMatchObject({ completion: { values: [] } });
      const read = (id: number) =>
        steward.request(
          'resources/read',
          { uri: `records://models/Invoice/records/${id}` },
          bearing(tokens[org]),
        );
      expect((await read(200 + (org - 7))).text).toContain(ORGANISATIONS[org]);
      expect((await read(200 + (8 - org))).text).toContain('NOT_FOUND');
    }
  });

  it('are never seen by another tenant while calls are given up, which cancels their statements', async () => {
    const { steward, tokens } = await serveTokens();
    const question = { model: 'Invoice', metrics: 'count, min(orgId), max(orgId), max(customer.orgId)' };
    const outcomes = { answered: 0, givenUp: 0 };
    const askFor = async (milliseconds: number, at: number) => {
      const org = at % 2 === 0 ? 7 : 8;
      const signal = at % 5 < 2 ? AbortSignal.timeout(milliseconds) : undefined;
      const request = { ...bearing(tokens[org]), ...(signal && { signal }) };
      const answer = await steward.call('aggregate_records', question, request).catch(() => undefined);
      if (!answer) return outcomes.givenUp++;
      const { groups } = Object(answer.json?.result?.['structuredContent']) as RecordsAnswer['data'];
      expect(groups.rows).toEqual([[90, org, org, org]]);
      return outcomes.answered++;
    };
    for (let round = 0; round < 20; round++)
      await Promise.all(Array.from({ length: 30 }, (_, at) => askFor(1 + ((at * 7 + round) % 25), at)));
    expect(outcomes.answered).toBeGreaterThanOrEqual(360);
    expect(outcomes.givenUp).toBeGreaterThan(20);
  });

  it('are those of the caller in saved questions, too, where what is masked stays so', async () => {
    const env = await office.configure({}, { caller: { claims: { org_id: 8 } }, questions: QUESTIONS });
    const steward = await startSteward({ database: office.database, env });
    const ask = async (tool: string, args = {}) =>
      (await steward.call(tool, args)) as unknown as RecordsAnswer;
    const { data, text } = await ask('customers', { name: 'customer 1', limit: 2 });
    expect(data.records.rows).toEqual([
      ['eight customer 1', '***'],
      ['eight customer 10', '***'],
    ]);
    expect(text).not.toContain('@example.com');
    expect((await ask('others', { org: 8 })).data.count).toBe(0);
    expect((await ask('invoice', { id: 101 })).data.record.rows).toContainEqual(['title', 'eight title 1']);
    expect((await ask('invoice', { id: 100 })).error).toBe('NOT_FOUND');
    await steward.stop();
    const bare = await startSteward({
      database: office.database,
      env: await office.configure({}, { questions: QUESTIONS }),
    });
    expect((await bare.call('others', { org: 8 })).text).toMatch(/^FORBIDDEN: This needs the claim org_id/);
    await bare.stop();
  });

  describe('of which the database no longer keeps one tenant from another', () => {
    const opened: { steward: { stop(): Promise<unknown> } }[] = [];
    afterEach(async () => {
      for (const { steward } of opened.splice(0)) await steward.stop();
    });

    it.each([
      [
        'its table has no row level security',
        'ALTER TABLE customers DISABLE ROW LEVEL SECURITY',
        'ALTER TABLE customers ENABLE ROW LEVEL SECURITY',
      ],
      [
        'the role of Steward owns its table, without FORCE',
        `ALTER TABLE customers OWNER TO ${APP}`,
        'ALTER TABLE customers OWNER TO CURRENT_USER',
      ],
    ])('are not served, over no relation either, because %s', async (reason, breakIt, mendIt) => {
      await office.database.query(breakIt);
      const served = await serveOffice(office, { org_id: 7 });
      opened.push(served);
      const { stdout } = await run(['doctor'], office.env);
      await expectWithheld(served, 'Customer', reason, [
        ['count_records', { model: 'Customer' }],
        ['find_records', { model: 'Invoice', fields: 'title, customer.name' }],
        ['count_records', { model: 'Invoice', filter: 'customer.name contains e' }],
        ['aggregate_records', { model: 'Invoice', metrics: 'count', group_by: 'customer.name' }],
      ]);
      expect((await served.call('count_records', { model: 'Invoice' })).data.count).toBe(90);
      const listed = (await served.call('describe_models', {})).data.models.rows;
      expect(listed.find(([model]) => model === 'Customer')?.[2]).toBe('');
      await office.database.query(mendIt);
      await office.database.query(await print('grants'));
      expect(stdout).toMatch(new RegExp(`FAIL {2}tenants: Customer is not served, because ${reason}`));
    });

    it('are not served, because the role is a superuser', async () => {
      const served = await serveOffice(
        office,
        { org_id: 7 },
        { OFFICE_URL: office.database.administration['DATABASE_URL'] ?? '' },
      );
      opened.push(served);
      await expectWithheld(served, 'Invoice', 'the role of Steward is a superuser', [
        ['find_records', { model: 'Invoice' }],
      ]);
      // It reads Invoice with the rights of its caller, who is a superuser.
      await expectWithheld(served, 'Paid', 'it reads Invoice, of which no policy narrows anything', [
        ['count_records', { model: 'Paid' }],
      ]);
      expect((await served.call('count_records', { model: 'Tag' })).data.count).toBe(2);
    });

    it('are not served by a view that reads them with the rights of its owner', async () => {
      await office.database.query('ALTER VIEW paid RESET (security_invoker)');
      const served = await serveOffice(office, { org_id: 7 });
      opened.push(served);
      await expectWithheld(served, 'Paid', 'it reads Invoice with the rights of its owner', [
        ['find_records', { model: 'Paid' }],
      ]);
      await office.database.query('ALTER VIEW paid SET (security_invoker = true)');
    });
  });

  it('of a policy whose function fails on them tell nothing of the value', async () => {
    await office.database.query(`
      CREATE FUNCTION fails(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1::int > 0; END $$;
      CREATE POLICY failing ON customers AS RESTRICTIVE FOR SELECT USING (fails(name))`);
    const { steward, call } = await serveOffice(office, { org_id: 7 });
    const { text, error } = await call('count_records', { model: 'Customer' });
    await office.database.query('DROP POLICY failing ON customers; DROP FUNCTION fails(text)');
    expect(error).toBeDefined();
    await steward.stop();
    expect(text + steward.stderr()).not.toMatch(/customer \d|eight/);
  });

  type Served = Awaited<ReturnType<typeof serveOffice>>;
  async function expectWithheld({ steward, call }: Served, model: string, reason: string, calls: Call[]) {
    for (const [tool, args] of calls) {
      const { error, text } = await call(tool, args);
      expect({ error, text }).toEqual({
        error: 'DATABASE_UNAVAILABLE',
        text: expect.stringContaining(`${model} is not served, because ${reason}`),
      });
    }
    await told(steward, `${model} is not served, because ${reason}`);
  }

  async function serveTokens() {
    const file = path.join(path.dirname(office.env['STEWARD_CONFIG'] ?? ''), `tokens-${servers.length}.json`);
    const env = {
      ...(await office.configure({}, { questions: QUESTIONS })),
      AUTH_MODE: 'token',
      AUTH_TOKENS_FILE: file,
      DB_POOL_MAX: '3',
      MAX_CALLS_IN_FLIGHT_PER_CALLER: '50',
    };
    const create = async (org: Organisation) =>
      (
        await run(
          ['token', 'create', '--name', `org-${org}`, '--scopes', 'records:read', '--claim', `org_id=${org}`],
          env,
        )
      ).stdout.trim();
    const tokens = { 7: await create(7), 8: await create(8) };
    const steward = await HttpSteward.start(env);
    servers.push(steward);
    return { steward, tokens };
  }
});

onEmbedded('rows of tenants in the embedded database, whose one user is a superuser', () => {
  it('are not served, which is said', async () => {
    const office = await openOffice('');
    const url = (await run(['database-url'], office.database.env)).stdout.trim();
    const { steward, call } = await serveOffice(office, { org_id: 7 }, { OFFICE_URL: url });
    const { error, text } = await call('count_records', { model: 'Invoice' });
    expect({ error, text }).toEqual({
      error: 'DATABASE_UNAVAILABLE',
      text: expect.stringContaining('is a superuser'),
    });
    await steward.stop();
    await office.drop();
  });
});

const QUESTIONS = {
  customers: {
    description: 'Customers by a part of their name',
    find: { model: 'Customer', filter: 'name contains :name', fields: 'name, email', order_by: 'name' },
    parameters: { name: { type: 'string', description: 'part of the name' } },
  },
  others: {
    description: 'How many invoices are of no such organisation',
    count: { model: 'Invoice', filter: 'not (orgId = :org)' },
    parameters: { org: { type: 'integer', description: 'the organisation' } },
  },
  best: {
    description: 'Sums by customer',
    aggregate: {
      model: 'Invoice',
      metrics: 'count, max(total), min(title)',
      group_by: 'customer.name',
      filter: 'orgId >= :org',
      having: 'count >= :least',
    },
    parameters: {
      org: { type: 'integer', description: 'the organisation' },
      least: { type: 'integer', description: 'how many invoices', default: 1 },
    },
  },
  invoice: {
    description: 'An invoice',
    get: { model: 'Invoice', key: ':id', include: 'customer(name), tags(name)' },
    parameters: { id: { type: 'integer', description: 'its number' } },
  },
};

type Call = [tool: string, args: Record<string, unknown>];

const organisation = fc.constantFrom<Organisation>(7, 8);
const model = fc.constantFrom('Customer', 'Invoice', 'Tag', 'Paid');

/** Anything that could show or count rows, of the own organisation or of the other. */
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(
    fc.constant('find_records'),
    fc.record({ model, limit: fc.constantFrom(1, 5, 100), total: fc.boolean() }),
  ),
  fc.tuple(
    fc.constant('find_records'),
    fc.constantFrom<Record<string, unknown>>(
      { model: 'Invoice', fields: 'title, customer.name', include: 'tags(name)', order_by: 'total desc' },
      { model: 'Customer', fields: 'name', include: 'invoices(title, total)' },
      { model: 'Tag', fields: 'name', include: 'invoices(title, total)' },
      // Nothing has these values, so the nearest are named.
      { model: 'Invoice', filter: "title = 'seven titel 1'" },
      { model: 'Invoice', filter: "title = 'eight titel 1'" },
      { model: 'Invoice', filter: "customer.name = 'eight costumer 3'" },
    ),
  ),
  fc.tuple(
    fc.constant('count_records'),
    fc.constantFrom<Record<string, unknown>>(
      { model: 'Invoice' },
      { model: 'Invoice', filter: 'orgId = 8' },
      { model: 'Invoice', filter: 'not (orgId = 7)' },
      { model: 'Invoice', filter: "customer.name != 'seven customer 1'" },
      { model: 'Tag', filter: 'invoices some (orgId = 8)' },
      { model: 'Tag', filter: 'invoices every (orgId = 7)' },
      { model: 'Customer', filter: 'invoices some (total > 270)' },
    ),
  ),
  fc.tuple(
    fc.constant('aggregate_records'),
    fc.constantFrom<Record<string, unknown>>(
      { model: 'Invoice', metrics: 'count, min(total), max(total), min(title)', group_by: 'status' },
      { model: 'Invoice', metrics: 'count, max(total)', group_by: 'customer.name' },
      { model: 'Customer', metrics: 'count(distinct orgId), max(name)' },
      { model: 'Paid', metrics: 'count, min(title), max(title)' },
    ),
  ),
  fc.tuple(
    fc.constant('get_record'),
    fc.record({ model: fc.constant('Invoice'), key: fc.integer({ min: 99, max: 280 }).map(String) }),
  ),
  fc.tuple(
    fc.constant('customers'),
    fc.record({ name: fc.constantFrom('seven', 'eight', 'customer 1'), limit: fc.constantFrom(1, 5, 100) }),
  ),
  fc.tuple(fc.constantFrom('others', 'best'), fc.record({ org: fc.constantFrom(0, 7, 8) })),
  fc.tuple(fc.constant('invoice'), fc.record({ id: fc.integer({ min: 99, max: 280 }) })),
  fc.constant<Call>(['describe_models', {}]),
);
