import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { bearing, codeOf, HttpSteward, type JsonRpcAnswer } from '../support/http.js';
import { Issuer } from '../support/issuer.js';
import { stewardTrusting } from '../support/jwt-steward.js';
import { PgBouncer, PGBOUNCER_IS_HERE } from '../support/pgbouncer.mjs';
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
    [{ org_id: true }, /claim org_id of your credentials is no whole number/],
    [{ org_id: "7' OR 1=1 --" }, /claim org_id of your credentials is no whole number/],
    [{ Org_Id: 7 }, /needs the claim org_id, which your credentials do not have/],
  ])('that are %j in an access token open nothing, whatever is asked', async (claims, words) => {
    const { steward, issuer } = await serveJwt();
    const token = await issuer.sign({ aud: steward.url, scope: 'records:read', ...claims });
    for (const [tool, args] of [
      ['count_records', count],
      ['find_records', { model: 'Invoice', total: true }],
      ['find_records', { model: 'Tag', include: 'invoices(title)' }],
      ['find_records', { model: 'Invoice', filter: 'title = nothing' }],
      ['get_record', { model: 'Invoice', key: '100' }],
      ['aggregate_records', { model: 'Invoice', metrics: 'count', group_by: 'status' }],
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
      const steward = await stewardTrusting(issuer, office.env);
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
