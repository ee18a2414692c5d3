import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOOLS as PINNED_TOOLS } from '../directory/pinned-tools.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { bearing, codeOf, type HttpAnswer, type HttpSteward } from '../support/http.js';
import { Issuer } from '../support/issuer.js';
import { stewardTrusting } from '../support/jwt-steward.js';

// Everything that a client can reach, and the scope that it takes. A change here changes who may do what.

const [READ, WRITE, AUDIT] = ['directory:read', 'directory:write', 'audit:read'] as const;

const TOOLS = Object.fromEntries(PINNED_TOOLS.map(({ name, scope }) => [name, scope]));

/** By URI; what is read is an example of the template's. */
const RESOURCES: Record<string, string> = {
  'directory://users/recent': READ,
  'directory://departments': READ,
};

const TEMPLATES: Record<string, [scope: string, example: string]> = {
  'directory://users{?department,role,active,limit,cursor}': [READ, 'directory://users?limit=1'],
  'directory://users/{id}': [READ, 'directory://users/1'],
  'directory://users/{user_id}/history{?limit,cursor}': [AUDIT, 'directory://users/1/history?limit=1'],
};

const PROMPTS: Record<string, string> = { onboard_user: WRITE, department_report: READ };

const SCOPE_SETS = [
  [],
  [READ],
  [WRITE],
  [AUDIT],
  [READ, WRITE],
  [READ, AUDIT],
  [WRITE, AUDIT],
  [READ, WRITE, AUDIT],
];

let database: TestDatabase;
let issuer: Issuer;
let steward: HttpSteward;

beforeAll(async () => {
  [database, issuer] = await Promise.all([freshDatabase(), Issuer.start()]);
  steward = await stewardTrusting(issuer, database.env);
});
afterAll(async () => {
  await steward.stop();
  await issuer.close();
  await database.drop();
});

describe.each(SCOPE_SETS.map((scopes) => ({ scopes, said: scopes.join(' ') || 'nothing' })))(
  'a caller who may $said',
  ({ scopes }) => {
    let ask: (method: string, params?: object) => Promise<HttpAnswer>;

    beforeAll(async () => {
      const token = await issuer.sign({ aud: steward.url, scope: scopes.join(' ') });
      ask = (method, params) => steward.request(method, params, bearing(token));
    });

    /** Those of the table that the caller may use. */
    const permitted = (table: Record<string, string>) =>
      Object.keys(table).filter((name) => scopes.includes(table[name] as never));

    const listed = async (method: string, key: string, name: string) => {
      const { status, json } = await ask(method);
      expect(status).toBe(200);
      const items = json?.result?.[key] as Record<string, string>[] | undefined;
      return items?.map((item) => item[name]);
    };

    /** Refused for want of a scope, and for nothing else, unless all that are needed are there. */
    const expectAuthorised = (answer: HttpAnswer, needed: string[]) => {
      const missing = needed.find((scope) => !scopes.includes(scope as never));
      expect(answer.status === 403).toBe(missing !== undefined);
      expect(codeOf(answer) === 'FORBIDDEN').toBe(missing !== undefined);
      if (missing === undefined) return;
      const { 'www-authenticate': challenge } = answer.headers;
      expect(challenge).toContain(
        `error="insufficient_scope", error_description="This needs the scope ${missing}."`,
      );
      expect(JSON.stringify(answer.json)).toContain(`This needs the scope ${missing},`);
      expect(JSON.stringify(answer.json)).not.toContain('rows');
    };

    it('sees just what it may use', async () => {
      expect(await listed('tools/list', 'tools', 'name')).toEqual(permitted(TOOLS));
      expect(await listed('resources/list', 'resources', 'uri')).toEqual(permitted(RESOURCES));
      const templates = Object.fromEntries(Object.entries(TEMPLATES).map(([uri, [scope]]) => [uri, scope]));
      expect(await listed('resources/templates/list', 'resourceTemplates', 'uriTemplate')).toEqual(
        permitted(templates),
      );
      expect(await listed('prompts/list', 'prompts', 'name')).toEqual(permitted(PROMPTS));
    });

    // Arguments that no tool and no prompt takes: who may use it is told so, and nothing is changed.
    const WRONG = { no_such_argument: 'x' };

    it.each(Object.entries(TOOLS))('may call %s with %s only', async (name, scope) => {
      const answer = await ask('tools/call', { name, arguments: WRONG });
      expectAuthorised(answer, [scope]);
      if (scopes.includes(scope as never)) expect(codeOf(answer)).toBe('VALIDATION');
    });

    it.each([...Object.entries(RESOURCES), ...Object.values(TEMPLATES).map(([scope, uri]) => [uri, scope])])(
      'may read %s with %s only',
      async (uri = '', scope = '') => {
        const answer = await ask('resources/read', { uri });
        expectAuthorised(answer, [scope]);
        if (scopes.includes(scope as never)) expect(answer.json?.result?.['contents']).toHaveLength(1);
      },
    );

    it.each(Object.entries(PROMPTS))('may get %s with %s only', async (name, scope) => {
      const answer = await ask('prompts/get', { name, arguments: WRONG });
      expectAuthorised(answer, [scope]);
      if (scopes.includes(scope as never)) expect(codeOf(answer)).toBe('VALIDATION');
    });

    // All completions come out of the directory, so they need its scope.
    it.each([
      ...Object.entries(PROMPTS).map(([name, scope]) => [name, scope, { type: 'ref/prompt', name }] as const),
      ...Object.entries(TEMPLATES).map(
        ([uri, [scope]]) => [uri, scope, { type: 'ref/resource', uri }] as const,
      ),
    ])('may have arguments of %s completed with %s and directory:read only', async (_name, scope, ref) => {
      const argument = { name: 'department', value: 'S' };
      const answer = await ask('completion/complete', { ref, argument });
      expectAuthorised(answer, [scope, READ]);
    });

    it('is told of no more where it asks for what is not there', async () => {
      const answer = await ask('tools/call', { name: 'drop_users', arguments: {} });
      expect(codeOf(answer)).toBe('NOT_FOUND');
      const words = new Set(answer.text.match(/\w+/g));
      expect(Object.keys(TOOLS).filter((name) => words.has(name))).toEqual(permitted(TOOLS));
    });
  },
);

describe('a caller who may write and not read', () => {
  let call: (tool: string, args: object) => Promise<HttpAnswer>;

  beforeAll(async () => {
    const token = await issuer.sign({ aud: steward.url, scope: WRITE });
    call = (tool, args) => steward.call(tool, args, bearing(token));
  });

  it.each<[tool: string, args: object]>([
    ['set_user_active', { user_id: 1, active: true }],
    ['set_user_role', { user_id: 1, role: 'Head of Nothing' }],
    ['transfer_user', { user_id: 1, new_department: 'Sales' }],
    ['update_user_preferences', { user_id: 1, preferences: { absent: null } }],
  ])('reads no record with %s, be it with a change or without', async (tool, args) => {
    const [user] = await database.query<{ username: string; email: string }>(
      'SELECT username, email FROM users WHERE id = 1',
    );
    await database.query(
      `INSERT INTO user_preferences VALUES (1, '{"theme": "dark"}') ON CONFLICT DO NOTHING`,
    );
    await call(tool, args);
    const { json, text } = await call(tool, args);
    expect(json?.result?.['structuredContent']).toMatchObject({ changed: false });
    for (const hidden of [user?.username, user?.email, 'theme', 'dark']) expect(text).not.toContain(hidden);
  });

  it('is not told the names of departments for a wrong one', async () => {
    for (const answer of [
      await call('transfer_user', { user_id: 1, new_department: 'Sails' }),
      await call('create_user', { username: 'sailor', email: 'sailor@example.com', department: 'Sails' }),
    ]) {
      expect(codeOf(answer)).toBe('NOT_FOUND');
      expect(answer.text).not.toContain('Sales');
    }
  });
});
