import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZoo } from '../records/zoo/zoo.js';
import { forwardTo } from '../resilience/lab/forwarder.js';
import { onServer } from '../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { parseExposition } from '../support/exposition.js';
import { eventually } from '../support/eventually.js';
import { codeOf, HttpSteward } from '../support/http.js';

const PROGRAM = fileURLToPath(new URL('../support/serve-two.mjs', import.meta.url));
const METRICS_TOKEN = 'a-token-for-prometheus';

describe('a database that is down', () => {
  let database: TestDatabase;
  let steward: HttpSteward;

  beforeAll(async () => {
    database = await freshDatabase();
    steward = await HttpSteward.start({ ...database.env, METRICS_TOKEN }, [PROGRAM]);
  });
  afterAll(async () => {
    await steward.stop();
    await database.drop();
  });

  it('fails the tools of its own domain, and those of no other', async () => {
    expect(codeOf(await steward.call('count_orders'))).toBe('DATABASE_UNAVAILABLE');
    expect(codeOf(await steward.call('list_departments'))).toBeUndefined();
  });

  it('is named by /ready, which goes on to send calls here for the others', async () => {
    const { status, json } = await steward.send({ method: 'GET', path: '/ready' });
    expect(status).toBe(200);
    expect(json).toEqual({
      status: 'ready',
      checks: {
        directory: { database: 'ok', migrations: 'ok' },
        orders: { database: 'does not answer' },
      },
    });
  });

  it('has its own series among the metrics', async () => {
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const { text } = await steward.send({ method: 'GET', path: '/metrics', headers });
    const samples = parseExposition(text).get('steward_database_connections_max')?.samples ?? [];
    expect(samples.map(({ labels }) => labels['database'])).toEqual(['directory', 'orders']);
  });

  it('lists the tools of both to a caller with all scopes, and their instructions', async () => {
    const { json } = await steward.request('tools/list');
    const tools = json?.result?.['tools'] as { name: string }[] | undefined;
    const names = tools?.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['list_departments', 'count_orders']));
  });
});

onServer('a database of records that goes down after it was opened', () => {
  it('is named by /ready, and serves again once it is back', async () => {
    const zoo = await startZoo();
    const url = new URL(zoo.url);
    const port = Number(url.port);
    const forwarder = await forwardTo(port);
    url.port = String(forwarder.port);
    const http = await HttpSteward.start({ ...zoo.database.env, ...zoo.env, ZOO_URL: url.href });
    const count = async () => codeOf(await http.call('count_records', { model: 'Animal' }));
    const ready = async () => (await http.send({ method: 'GET', path: '/ready' })).json;
    try {
      expect(await count()).toBeUndefined();
      forwarder.switchTo(1);
      const checks = { zoo: { database: 'does not answer' } };
      await eventually(async () => JSON.stringify(await ready()).includes('does not answer'));
      expect(await ready()).toEqual({ status: 'not ready', checks });
      expect(await count()).toBe('DATABASE_UNAVAILABLE');
      forwarder.switchTo(port);
      await eventually(async () => (await count()) === undefined);
      await eventually(async () => JSON.stringify(await ready()).includes('"ready"'));
    } finally {
      await http.stop();
      forwarder.close();
      await zoo.stop();
    }
  });
});
