import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, steward } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { bearing, codeOf, HttpSteward, pingWith, type HttpRequest } from '../support/http.js';
import { fillExample } from './example.js';

const RECORDS_TOOLS = ['describe_models', 'find_records', 'get_record', 'count_records', 'aggregate_records'];

const toolsOf = async (server: HttpSteward, options: HttpRequest = {}) => {
  const { json } = await server.request('tools/list', {}, options);
  const tools = (json?.result?.['tools'] ?? []) as { name: string }[];
  return tools.map(({ name }) => name);
};

const textOf = ({ json }: Awaited<ReturnType<HttpSteward['call']>>) =>
  (json?.result?.['content'] as { text: string }[] | undefined)?.[0]?.text ?? '';

interface Listed {
  models: { rows: string[][] };
}

describe('scopes over HTTP', () => {
  let shop: Awaited<ReturnType<typeof fillExample>>;
  let staff: TestDatabase;
  let folder: string;
  let env: Record<string, string>;
  let tokens = 0;
  beforeAll(async () => {
    [shop, staff] = [await fillExample('shop'), await freshDatabase()];
    folder = await mkdtemp(path.join(os.tmpdir(), 'steward-scopes-'));
    env = { ...staff.env, ...shop.env, AUTH_TOKENS_FILE: path.join(folder, 'tokens.json') };
  });
  afterAll(async () => {
    await Promise.all([shop.database.drop(), staff.drop()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(
    { caller, ...settings }: { caller?: { scopes: string[] }; AUTH_MODE: string },
    look: (server: HttpSteward, tokenFor: (scopes: string) => Promise<HttpRequest>) => Promise<void>,
  ): Promise<void> {
    const STEWARD_CONFIG = path.join(folder, 'steward.config.json');
    const schema = path.join(ROOT, 'examples', 'shop', 'schema.prisma');
    const databases = { shop: { schema, url: 'env:SHOP_URL' } };
    await writeFile(STEWARD_CONFIG, JSON.stringify({ databases, directory: true, caller }));
    const served = { ...env, ...settings, STEWARD_CONFIG };
    const createToken = async (scopes: string) => {
      const named = ['--name', `caller-${++tokens}`, '--scopes', scopes];
      const { code, stdout, stderr } = await steward(['token', 'create', ...named], served);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    };
    // A server reads tokens that are there.
    if (settings.AUTH_MODE === 'token') await createToken('directory:read,directory:write');
    const server = await HttpSteward.start(served);
    /** A server that runs notices a new token within about a second. */
    const tokenFor = async (scopes: string) => {
      const token = await createToken(scopes);
      await eventually(async () => (await pingWith(server, token)).status === 200);
      return bearing(token);
    };
    try {
      await look(server, tokenFor);
    } finally {
      await server.stop();
    }
  }

  it('all scopes of the directory together open no record, and tell of none', async () => {
    await serve({ AUTH_MODE: 'token' }, async (server, tokenFor) => {
      const token = await tokenFor('directory:read,directory:write,audit:read');
      const tools = await toolsOf(server, token);
      expect(tools).toContain('list_departments');
      expect(tools.filter((name) => RECORDS_TOOLS.includes(name))).toEqual([]);
      const list = async (method: string) => JSON.stringify((await server.request(method, {}, token)).json);
      for (const method of ['resources/list', 'resources/templates/list', 'prompts/list'])
        expect(await list(method)).not.toMatch(/records|explore/);
      for (const name of RECORDS_TOOLS)
        expect(codeOf(await server.call(name, { model: 'Order', metrics: 'count', key: '1' }, token))).toBe(
          'FORBIDDEN',
        );
      for (const uri of ['records://models/Order', 'records://models/Order/records/1'])
        expect(codeOf(await server.request('resources/read', { uri }, token))).toBe('FORBIDDEN');
      const explore = { name: 'explore', arguments: { model: 'Order' } };
      expect(codeOf(await server.request('prompts/get', explore, token))).toBe('FORBIDDEN');
      const ref = { type: 'ref/prompt', name: 'explore' };
      const argument = { name: 'model', value: '' };
      const completed = await server.request('completion/complete', { ref, argument }, token);
      expect(JSON.stringify(completed.json)).not.toMatch(/Order|Customer/);
    });
  });

  it('a token opens the models of its scopes, and others are as unknown ones', async () => {
    await serve({ AUTH_MODE: 'token' }, async (server, tokenFor) => {
      const [reader, sales] = [await tokenFor('records:read'), await tokenFor('sales')];
      expect(codeOf(await server.call('find_records', { model: 'Order' }, reader))).toBeUndefined();
      const [hidden, unknown] = await Promise.all(
        ['Customer', 'Custodian'].map((model) => server.call('find_records', { model }, reader)),
      );
      if (!hidden || !unknown) throw new Error('No answer');
      expect(textOf(hidden)).toMatch(/^VALIDATION: model: There is no model 'Customer'/);
      expect(textOf(hidden).replace('Customer', '…')).toBe(textOf(unknown).replace('Custodian', '…'));
      expect(await toolsOf(server, reader)).toEqual(RECORDS_TOOLS);
      expect(codeOf(await server.call('find_records', { model: 'Customer' }, sales))).toBeUndefined();
      expect(textOf(await server.call('find_records', { model: 'Order' }, sales))).toContain('no model');
    });
  });

  it('without authentication a caller has every scope', async () => {
    await serve({ AUTH_MODE: 'none' }, async (server) => {
      expect(codeOf(await server.call('find_records', { model: 'Customer' }))).toBeUndefined();
      expect(codeOf(await server.call('list_departments', {}))).toBeUndefined();
    });
  });

  it.each([
    [['records:read'], RECORDS_TOOLS, ['Item', 'Order', 'Product']],
    [['sales'], RECORDS_TOOLS, ['Customer']],
    [['directory:read'], [], []],
    [[], [], []],
  ])('without authentication, "caller" narrows it to %j', async (scopes, tools, models) => {
    await serve({ AUTH_MODE: 'none', caller: { scopes } }, async (server) => {
      expect((await toolsOf(server)).filter((name) => RECORDS_TOOLS.includes(name))).toEqual(tools);
      const answer = await server.call('describe_models');
      const data = answer.json?.result?.['structuredContent'] as Listed | undefined;
      expect(new Set(data?.models.rows.map(([name]) => name))).toEqual(new Set(models));
      for (const model of ['Customer', 'Order'])
        expect(codeOf(await server.call('count_records', { model })) === undefined).toBe(
          models.includes(model),
        );
    });
  });
});
