import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { bearing, codeOf, HttpSteward, type JsonRpcAnswer } from '../support/http.js';
import { Issuer } from '../support/issuer.js';
import { stewardTrusting } from '../support/jwt-steward.js';
import { PgBouncer, PGBOUNCER_IS_HERE } from '../support/pgbouncer.mjs';
import { APP } from '../support/template.mjs';
import { openOffice, serveOffice, type Office } from './office/office.js';
import type { RecordsAnswer } from './zoo/zoo.js';

/** Whose rows they are, for every role that is bound by policies. */
const POLICIES = ['customers', 'invoices']
  .map(
    (table) =>
      `GRANT SELECT ON ${table}, tags, "_InvoiceToTag", paid TO steward_app; ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
       CREATE POLICY ours ON ${table} USING (org_id = nullif(current_setting('app.tenant', true), '')::int)`,
  )
  .join(';');

const UID = '0b0ffa4c-91f5-4a3c-8f0e-6a6f4a1f0b77';

/** Names of tenants that would be more than values, were they not escaped. */
const ODD_TEXTS = [
  'a',
  "a' OR true --",
  "'; RESET ROLE; --",
  'a\\',
  "\\' OR true --",
  '"a"',
  '$$a$$',
  ' a ',
  'A',
  'ä 漢 🙂',
  '%',
  'DEFAULT',
  'null',
  ''.padEnd(60, "'"),
];

const TYPED = `
  CREATE TABLE typed (org text PRIMARY KEY, small smallint NOT NULL, big bigint NOT NULL, uid uuid NOT NULL);
  GRANT SELECT ON typed TO ${APP}`;

const HEAD = 'datasource db {\n  provider = "postgresql"\n}\n/// @mcp.expose\n';

const TYPED_SCHEMA = `${HEAD}model Typed {
  org   String @id /// @mcp.tenant("app.org")
  small Int    @db.SmallInt /// @mcp.tenant("app.small")
  big   BigInt /// @mcp.tenant("app.big")
  uid   String @db.Uuid /// @mcp.tenant("app.uid")
  @@map("typed")
}
`;

/** Row policies compare the claim, and the schema does not know. */
const UNTYPED_SCHEMA = `${HEAD}model Bill {
  id    Int @id
  orgId Int @map("org_id")
  total Decimal
  boss  Bill? @relation("b", fields: [id], references: [id])
  team  Bill[] @relation("b")
  @@map("invoices")
}
`;

const ROWS_OF_ONE = 90;
const dataOf = (json: JsonRpcAnswer | undefined) =>
  Object(json?.result?.['structuredContent']) as RecordsAnswer['data'];
const count = { model: 'Invoice' };

onServer('claims of a caller, on a PostgreSQL server', () => {
  let office: Office;
  beforeAll(async () => {
    office = await openOffice(POLICIES);
  });
  afterAll(async () => {
    for (const one of opened) await one.stop();
    await office.drop();
  });

  describe('over stdio', () => {
    it('come from the configuration and the environment, and show the rows of that tenant', async () => {
      for (const [claim, word] of [
        [7, 'seven'],
        ['env:ORG_ID', 'eight'],
      ] as const) {
        const { steward, call } = await serveOffice(office, { org_id: claim }, { ORG_ID: '8' });
        const { data } = await call('find_records', { model: 'Invoice', fields: 'title', limit: 3 });
        expect(data.records.rows.flat()).toEqual(Array(3).fill(expect.stringContaining(word)));
        expect((await call('count_records', count)).data.count).toBe(ROWS_OF_ONE);
        await steward.stop();
      }
    });

    it('and over HTTP without credentials, too', async () => {
      const env = await office.configure({}, { caller: { claims: { org_id: 8 } } });
      const steward = await HttpSteward.start({ AUTH_MODE: 'none', ...env });
      opened.push(steward);
      const question = { model: 'Invoice', metrics: 'count, min(orgId), max(orgId)' };
      const { json } = await steward.call('aggregate_records', question);
      expect(dataOf(json).groups.rows).toEqual([[ROWS_OF_ONE, 8, 8]]);
    });

    it('from a variable that is not set are an error at the start', async () => {
      const env = await office.configure({}, { caller: { claims: { org_id: 'env:ORG_ID' } } });
      const { code, stderr } = await run([], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(/caller\.claims\.org_id refers to ORG_ID, which is not set/);
    });
  });

  it.each([
    [{}, /needs the claim org_id, which your credentials do not have/],
    [{ org_id: '' }, /needs the claim org_id, which your credentials do not have/],
    [{ org_id: '  ' }, /needs the claim org_id, which your credentials do not have/],
    [{ org_id: null }, /needs the claim org_id, which your credentials do not have/],
    [{ org_id: [7] }, /claim org_id of your credentials cannot be used/],
    [{ org_id: { id: 7 } }, /claim org_id of your credentials cannot be used/],
    [{ org_id: 2 ** 53 }, /claim org_id of your credentials cannot be used/],
    [{ org_id: '7\0' }, /claim org_id of your credentials cannot be used/],
    [{ org_id: '7\ud800' }, /claim org_id of your credentials cannot be used/],
    [{ org_id: true }, /claim org_id of your credentials is no whole number of 4 bytes/],
    [{ org_id: 7.5 }, /claim org_id of your credentials is no whole number of 4 bytes/],
    [{ org_id: 2147483648 }, /claim org_id of your credentials is no whole number of 4 bytes/],
    [{ org_id: '-2147483649' }, /claim org_id of your credentials is no whole number of 4 bytes/],
    [{ org_id: [] }, /claim org_id of your credentials cannot be used/],
    [{ org_id: "7' OR 1=1 --" }, /claim org_id of your credentials is no whole number/],
    [{ Org_Id: 7 }, /needs the claim org_id, which your credentials do not have/],
  ])('that are %j in an access token open nothing, whatever is asked', expectRefused);

  it('that are longer than a name of a tenant open nothing', async () => {
    await expectRefused({ org_id: '7'.repeat(1001) }, /claim org_id of your credentials cannot be used/);
  });

  async function expectRefused(claims: Record<string, unknown>, words: RegExp) {
    const { steward, issuer } = await serveJwt();
    const token = await issuer.sign({ aud: steward.url, scope: 'records:read', ...claims });
    for (const [tool, args] of [
      ['count_records', count],
      ['find_records', { model: 'Invoice', total: true }],
      ['find_records', { model: 'Tag', include: 'invoices(title)' }],
      ['find_records', { model: 'Invoice', filter: 'title = nothing' }],
      ['get_record', { model: 'Invoice', key: '100' }],
      ['aggregate_records', { model: 'Invoice', metrics: 'count', group_by: 'status' }],
      ['all_tags', {}],
    ] as const) {
      const answer = await steward.call(tool, args, bearing(token));
      expect(codeOf(answer)).toBe('FORBIDDEN');
      expect(answer.text).toMatch(words);
    }
    const resource = await steward.request(
      'resources/read',
      { uri: 'records://models/Invoice/records/100' },
      bearing(token),
    );
    expect(codeOf(resource)).toBe('FORBIDDEN');
  }

  describe('of other types', () => {
    let steward: HttpSteward;
    let issuer: Issuer;

    beforeAll(async () => {
      await office.database.query(TYPED);
      for (const org of ODD_TEXTS)
        await office.database.query('INSERT INTO typed VALUES ($1, 1, 1, $2)', [org, UID]);
      const claims = { 'app.org': 'org', 'app.small': 'small', 'app.big': 'big', 'app.uid': 'uid' };
      const env = await office.configure({ claims, schema: await office.write(TYPED_SCHEMA) });
      await office.database.query((await run(['rls', '--role', APP], env)).stdout);
      issuer = await Issuer.start();
      steward = await stewardTrusting(issuer, env);
      opened.push(steward, { stop: () => issuer.close() });
    });

    const ask = async (claims: Record<string, unknown>, args: Record<string, unknown>) => {
      const token = await issuer.sign({
        aud: steward.url,
        scope: 'records:read',
        small: 1,
        big: 1,
        uid: UID,
        org: 'a',
        ...claims,
      });
      return steward.call('find_records', args, bearing(token));
    };

    it.each(ODD_TEXTS)('are values of the tenant and nothing else: %j', async (org) => {
      const { json } = await ask({ org }, { model: 'Typed', fields: 'org', limit: 100 });
      expect(dataOf(json).records.rows).toEqual([[org]]);
    });

    it.each([
      ['small', 32767, -32768, '0032767'],
      ['big', '9223372036854775807', '-9223372036854775808', 0],
      ['uid', UID.toUpperCase(), UID.replace('0', '1')],
    ])('that fit %s are compared', async (claim, ...values) => {
      for (const value of values) {
        const answer = await ask({ [claim]: value }, { model: 'Typed' });
        expect(codeOf(answer)).toBeUndefined();
      }
    });

    it.each([
      ['small', 'whole number of 2 bytes', 32768, -32769, '1 OR true', 1.5, ''.padEnd(900, '9')],
      ['big', 'whole number of 8 bytes', '9223372036854775808', '-9223372036854775809', '1e3', '0x10', '１'],
      ['uid', 'UUID', 'a', UID.slice(1), `{${UID}}`, `${UID} `, 7],
    ])('that do not fit %s are FORBIDDEN, in fixed words', async (claim, kind, ...values) => {
      for (const value of values) {
        const answer = await ask({ [claim]: value }, { model: 'Typed' });
        expect(codeOf(answer)).toBe('FORBIDDEN');
        expect(answer.text).toContain(`The claim ${claim} of your credentials is no ${kind}.`);
      }
    });
  });

  it('that no field has a type for may fail in a policy, which is said without their values', async () => {
    const env = await office.configure(
      { schema: await office.write(UNTYPED_SCHEMA) },
      { caller: { claims: { org_id: 'sesame' } } },
    );
    const { steward, call } = await serveOffice(office, {}, env);
    const { error, text } = await call('count_records', { model: 'Bill' });
    expect(error).toBe('SCHEMA_CHANGED');
    expect(text).toMatch(/What your credentials claim \(org_id\) may be none that the row policies can read/);
    await steward.stop();
    expect(text + steward.stderr()).not.toMatch(/sesame/);
  });

  it('are compared with the field that the configuration names, as with one that is marked', async () => {
    const schema = await office.write(UNTYPED_SCHEMA);
    const serve = async (tenant: Record<string, string>, claim: unknown = 7) =>
      office.configure({ schema, models: { Bill: { tenant } } }, { caller: { claims: { org_id: claim } } });
    for (const [claim, code, total] of [
      [7, undefined, ROWS_OF_ONE],
      ['sesame', 'FORBIDDEN', undefined],
    ] as const) {
      const { steward, call } = await serveOffice(office, {}, await serve({ orgId: 'app.tenant' }, claim));
      const { error, data } = await call('count_records', { model: 'Bill' });
      expect({ error, count: data?.count }).toEqual({ error: code, count: total });
      await steward.stop();
    }
    for (const [tenant, words] of [
      [{ orgid: 'app.tenant' }, /model Bill has no field 'orgid'\. Did you mean 'orgId'/],
      [{ orgId: 'app.tenants' }, /Bill\.orgId is compared with "app\.tenants", which no claim is written to/],
      [{ total: 'app.tenant' }, /Bill\.total cannot say whose a row is/],
      [{ boss: 'app.tenant' }, /Bill\.boss is a relation/],
      [
        { id: 'app.tenant' },
        /Bill\.id is compared with "app\.tenant" here, and with "app\.other" by its mark/,
      ],
    ] as const) {
      const marked = UNTYPED_SCHEMA.replace('id    Int @id', 'id    Int @id /// @mcp.tenant("app.other")');
      const env = await office.configure({
        schema: 'id' in tenant ? await office.write(marked) : schema,
        models: { Bill: { tenant } },
      });
      const { code, stderr } = await run([], env);
      expect(code).toBe(1);
      expect(stderr).toMatch(words);
    }
  });

  it.each([
    'role',
    'search_path',
    'session_authorization',
    'row_security',
    'app',
    'app.',
    '.tenant',
    'App.tenant',
    'app tenant',
    'app."tenant"',
    "app.tenant = 'x'; SET ROLE postgres; --",
    'app.tenant\n',
  ])('are written to settings of an own name only: %j is refused at the start', async (setting) => {
    const { code, stderr } = await run([], await office.configure({ claims: { [setting]: 'org_id' } }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/databases\.office\.claims[^]* a setting such as app\.tenant/);
  });

  it('in access tokens and in tokens of `steward token create` tell callers of one server apart', async () => {
    const { steward, issuer } = await serveJwt();
    const { steward: other, tokens } = await serveTokens();
    for (const [org, total] of [
      [7, '100.07'],
      [8, '101.08'],
    ] as const) {
      const question = { model: 'Invoice', metrics: 'count, min(total)' };
      const signed = await issuer.sign({ aud: steward.url, scope: 'records:read', org_id: org });
      const asText = await issuer.sign({ aud: steward.url, scope: 'records:read', org_id: String(org) });
      for (const answer of [
        await steward.call('aggregate_records', question, bearing(signed)),
        await steward.call('aggregate_records', question, bearing(asText)),
        await other.call('aggregate_records', question, bearing(tokens[org])),
      ])
        expect(answer.json?.result).toMatchObject({
          structuredContent: { groups: { rows: [[ROWS_OF_ONE, total]] } },
        });
    }
  });

  it('bind cursors: one of another tenant is refused, though the caller has the same name', async () => {
    const { steward, issuer } = await serveJwt();
    const ask = async (org: number, cursor?: unknown) => {
      const token = await issuer.sign({ aud: steward.url, scope: 'records:read', org_id: org });
      return steward.call(
        'find_records',
        { model: 'Invoice', limit: 2, ...(cursor !== undefined && { cursor }) },
        bearing(token),
      );
    };
    const { next_cursor: cursor } = dataOf((await ask(7)).json);
    expect(codeOf(await ask(7, cursor))).toBeUndefined();
    expect(codeOf(await ask(8, cursor))).toBe('VALIDATION');
  });

  (PGBOUNCER_IS_HERE ? describe : describe.skip)('behind PgBouncer in transaction mode', () => {
    it('travel with each transaction, where two callers share the sessions', async () => {
      const pooler = await PgBouncer.before(office.database.env['DATABASE_URL'] ?? '', 'transaction');
      opened.push({ stop: () => pooler.destroy() });
      const { steward, tokens } = await serveTokens({ OFFICE_URL: pooler.url });
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) =>
          steward.call(
            'aggregate_records',
            { model: 'Invoice', metrics: 'count, min(orgId), max(orgId)' },
            bearing(tokens[at % 2 === 0 ? 7 : 8]),
          ),
        ),
      );
      const found = answers.map(({ json }) => dataOf(json).groups.rows);
      expect(found).toEqual(found.map((_, at) => [[ROWS_OF_ONE, 7 + (at % 2), 7 + (at % 2)]]));
    });
  });

  const opened: { stop(): Promise<unknown> }[] = [];
  let jwt: Promise<{ steward: HttpSteward; issuer: Issuer }> | undefined;

  function serveJwt() {
    jwt ??= (async () => {
      const issuer = await Issuer.start();
      const questions = { all_tags: { description: 'Of all', find: { model: 'Tag' } } };
      const steward = await stewardTrusting(issuer, await office.configure({}, { questions }));
      opened.push(steward, { stop: () => issuer.close() });
      return { steward, issuer };
    })();
    return jwt;
  }

  async function serveTokens(env: Record<string, string> = {}) {
    const file = path.join(path.dirname(office.env['STEWARD_CONFIG'] ?? ''), `tokens-${opened.length}.json`);
    const settings = { ...office.env, AUTH_MODE: 'token', AUTH_TOKENS_FILE: file, ...env };
    const create = async (org: number) => {
      const args = [
        'token',
        'create',
        '--name',
        `org-${org}`,
        '--scopes',
        'records:read',
        '--claim',
        `org_id=${org}`,
      ];
      return (await run(args, settings)).stdout.trim();
    };
    const tokens: Record<number, string> = { 7: await create(7), 8: await create(8) };
    const steward = await HttpSteward.start(settings);
    opened.push(steward);
    return { steward, tokens: tokens as { 7: string; 8: string } };
  }
});

const create = (...claims: string[]) =>
  run(
    [
      'token',
      'create',
      '--name',
      'x',
      '--scopes',
      'directory:read',
      ...claims.flatMap((claim) => ['--claim', claim]),
    ],
    {
      AUTH_TOKENS_FILE: path.join('/nonexistent', 'tokens.json'),
    },
  );

describe('steward token create --claim', () => {
  it('refuses what no database asks for, what has no value, and a claim that is given twice', async () => {
    expect((await create('org_id=7')).stderr).toMatch(
      /No database of the configuration asks for the claim org_id/,
    );
    expect((await create('org_id=')).stderr).toMatch(/It is no NAME=VALUE/);
    expect((await create('org_id=7', 'org_id=8')).stderr).toMatch(/org_id has a value already/);
  });
});
