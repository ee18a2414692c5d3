import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { SignJWT } from 'jose';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { bearing, codeOf, pingWith, type HttpSteward } from '../support/http.js';
import { inSeconds, Issuer, newKey, type Claims } from '../support/issuer.js';
import { OtlpCollector } from '../support/otlp-collector.js';
import { ALL_SCOPES, expectUnauthorised, stewardTrusting } from '../support/jwt-steward.js';

const encoded = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');

let database: TestDatabase;

beforeAll(async () => void (database = await freshDatabase()));
afterAll(() => database.drop());

describe('with AUTH_MODE=jwt', () => {
  let issuer: Issuer;
  let other: Issuer;
  let steward: HttpSteward;
  let metadataUrl: string;

  beforeAll(async () => {
    issuer = await Issuer.start();
    other = await Issuer.start();
    steward = await stewardTrusting(issuer, database.env);
    metadataUrl = `http://127.0.0.1:${steward.port}/.well-known/oauth-protected-resource/mcp`;
  });
  afterAll(async () => {
    await steward.stop();
    await issuer.close();
    await other.close();
  });

  let others: HttpSteward[] = [];

  /** One more that trusts the issuer, until the end of the test. */
  const another = async (env: Record<string, string>) => {
    const started = await stewardTrusting(issuer, { ...database.env, ...env });
    others.push(started);
    return started;
  };
  let collector: OtlpCollector | undefined;
  afterEach(async () => {
    await Promise.all(others.map((started) => started.stop()));
    await collector?.stop();
    [others, collector] = [[], undefined];
  });

  const sign = (claims: Claims = {}, header: Record<string, unknown> = {}) =>
    issuer.sign({ aud: steward.url, scope: ALL_SCOPES, ...claims }, header);

  describe('a request', () => {
    it('without a token is told where to get one, and of no error', async () => {
      const answer = await steward.request('ping');
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer resource_metadata="${metadataUrl}", scope="${ALL_SCOPES}"`,
      );
      expect(codeOf(answer)).toBe('UNAUTHENTICATED');
      expect(answer.json).toMatchObject({ jsonrpc: '2.0', id: null });
    });

    it('with credentials of another scheme, or in the address, counts as one without', async () => {
      const own = await another({});
      const token = await sign({ aud: own.url });
      for (const elsewhere of [
        { headers: { authorization: 'Basic YW5uOnNlY3JldA==' } },
        { path: `/mcp?access_token=${token}` },
        { path: `/mcp?token=${token}` },
      ]) {
        const answer = await own.request('ping', {}, elsewhere);
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).not.toContain('error');
      }
      await own.stop();
      expect(own.stderr()).not.toContain(token);
    });

    it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer "abc"', 'Bearer a,b', 'Bearer =', 'Bearer  ä'])(
      'with the header %j is malformed',
      async (authorization) => {
        const answer = await steward.request('ping', {}, { headers: { authorization } });
        expect(answer.status).toBe(400);
        expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
        expect(codeOf(answer)).toBe('UNAUTHENTICATED');
      },
    );

    it('with a good token is answered, however the scheme is written', async () => {
      const token = await sign();
      for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
        const headers = { authorization: `${scheme} ${token}` };
        expect(await steward.request('ping', {}, { headers })).toMatchObject({ status: 200 });
      }
    });
  });

  describe('a token', () => {
    const ISSUER = 'The access token comes from another issuer than the one trusted here.';
    const AUDIENCE = 'The access token is not meant for this server.';
    const HOLDER = 'The access token does not name its holder, or not in a way that can be recorded.';
    it.each<[what: string, description: string, claims: () => Claims, header?: Claims]>([
      ['of another issuer', ISSUER, () => ({ iss: other.url })],
      ['of no issuer', ISSUER, () => ({ iss: undefined })],
      ['for another audience', AUDIENCE, () => ({ aud: 'https://other.example.com/mcp' })],
      ['for this server’s origin only', AUDIENCE, () => ({ aud: new URL(steward.url).origin })],
      ['for no audience', AUDIENCE, () => ({ aud: undefined })],
      ['for an empty list of audiences', AUDIENCE, () => ({ aud: [] })],
      ['that has expired', 'The access token has expired.', () => ({ exp: inSeconds(-30) })],
      [
        'that never expires',
        'The access token does not say until when it is valid.',
        () => ({ exp: undefined }),
      ],
      ['that is not valid yet', 'The access token is not valid yet.', () => ({ nbf: inSeconds(60) })],
      ['of no user', HOLDER, () => ({ sub: undefined })],
      ['of an empty name', HOLDER, () => ({ sub: '' })],
      ['of a number', HOLDER, () => ({ sub: 7 })],
      ['of a name of 101 characters', HOLDER, () => ({ sub: 'x'.repeat(101) })],
      ['of a name of two lines', HOLDER, () => ({ sub: 'ann\nroot' })],
      ['of a name that turns the writing direction', HOLDER, () => ({ sub: 'ann‮toor' })],
      ['of a name that ends in a space', HOLDER, () => ({ sub: 'ann ' })],
      [
        'of another kind',
        'The token is of another kind than an access token.',
        () => ({}),
        { typ: 'logout+jwt' },
      ],
      [
        'that is too long',
        'Tokens of more than 8192 characters are not read.',
        () => ({ filler: 'x'.repeat(8192) }),
      ],
    ])('%s is refused', async (_what, description, claims, header = {}) => {
      expectUnauthorised(await pingWith(steward, await sign(claims(), header)), steward, description);
    });

    it('with clocks a few seconds apart is good, and so is one for several audiences, or of an access token’s type', async () => {
      for (const [claims, header] of [
        [{ exp: inSeconds(-3) }],
        [{ nbf: inSeconds(4) }],
        [{ aud: ['https://other.example.com', steward.url] }],
        [{ sub: 'x'.repeat(100) }],
        [{ sub: 'Zoë O’Hara (contractor)' }],
        ...['JWT', 'at+jwt', 'application/at+JWT'].map((typ) => [{}, { typ }]),
      ])
        expect(await pingWith(steward, await sign(claims, header))).toMatchObject({ status: 200 });
    });

    it('that its issuer did not sign is refused', async () => {
      const forged = await newKey('RS256');
      const claims = { aud: steward.url, scope: ALL_SCOPES };
      const answer = await pingWith(steward, await issuer.sign(claims, { kid: issuer.key.kid }, forged));
      expectUnauthorised(answer, steward, 'The access token is not signed by its issuer.');
      const [header, , signature] = (await sign()).split('.');
      const changed = encoded({ iss: issuer.url, aud: steward.url, sub: 'root', exp: inSeconds(300) });
      const swapped = await pingWith(steward, `${header}.${changed}.${signature}`);
      expectUnauthorised(swapped, steward, 'The access token is not signed by its issuer.');
    });

    it.each([
      ['x', 'no dots'],
      ['a.b.c', 'no JSON'],
      ['a.b.c.d.e', 'an encrypted one'],
      ['x'.repeat(8000), 'long'],
    ])('that is none (%#) is refused', async (token) => {
      expectUnauthorised(await pingWith(steward, token), steward, 'The access token is not a signed JWT.');
    });

    it('of more than 16 KiB is not even taken', async () => {
      expect(await pingWith(steward, 'x'.repeat(17_000))).toMatchObject({ status: 431 });
    });

    it('is neither logged nor passed on, whether it was good or not', async () => {
      collector = await OtlpCollector.start();
      const trace = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '20' };
      const traced = await another({ ...trace, LOG_LEVEL: 'debug' });
      const claims = [{}, { exp: inSeconds(-30) }, { aud: 'elsewhere' }];
      const tokens = await Promise.all(claims.map((some) => sign({ aud: traced.url, ...some })));
      for (const token of tokens) await pingWith(traced, token);
      await traced.call('set_user_role', { user_id: 3, role: 'Traced' }, bearing(tokens[0] as string));
      await traced.logged('call');
      await collector.until(({ name }) => name === 'tools/call set_user_role');
      const rows = await database.query('SELECT * FROM user_audit_log WHERE user_id = 3');
      const passedOn = JSON.stringify([rows, collector.requests, issuer.headers]) + traced.stderr();
      for (const token of tokens)
        for (const part of token.split('.').slice(1)) expect(passedOn).not.toContain(part);
      expect(passedOn).not.toContain('elsewhere');
    });
  });

  it('the algorithm none, an HMAC with the public key, and one that is not listed are refused before any key is asked for', async () => {
    const quiet = await Issuer.start('ES256');
    const fresh = await another({
      AUTH_ISSUER: quiet.url,
      AUTH_JWKS_URL: quiet.jwksUrl,
      AUTH_ALGORITHMS: 'ES256, EdDSA',
    });
    const claims = { iss: quiet.url, sub: 'ann', aud: fresh.url, scope: ALL_SCOPES, exp: inSeconds(300) };
    for (const alg of ['None', 'NONE', ''])
      expect(await pingWith(fresh, `${encoded({ alg })}.${encoded(claims)}.`)).toMatchObject({ status: 401 });
    const secret = new TextEncoder().encode(await quiet.publicKeyText());
    for (const token of [
      `${encoded({ alg: 'none' })}.${encoded(claims)}.`,
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: quiet.key.kid }).sign(secret),
      await quiet.sign({ aud: fresh.url }, {}, await newKey('RS256')),
    ]) {
      const description = 'The access token is signed with an algorithm that is not accepted here.';
      expectUnauthorised(await pingWith(fresh, token), fresh, description);
    }
    expect(quiet.keyRequests).toBe(0);
    expect(await pingWith(fresh, await quiet.sign({ aud: fresh.url }))).toMatchObject({ status: 200 });
    await quiet.close();
  });

  describe('the caller', () => {
    it.each<[what: string, claims: Claims, tools: number]>([
      ['`scope`', { scope: 'openid directory:read offline_access' }, 5],
      ['`scp` as text', { scope: undefined, scp: 'directory:read' }, 5],
      ['`scp` as a list', { scope: undefined, scp: ['directory:read', 'audit:read', 7] }, 6],
      ['unknown ones only', { scope: 'admin directory:* DIRECTORY:READ' }, 0],
      ['something else', { scope: { 'directory:read': true } }, 0],
      ['nothing', { scope: undefined }, 0],
    ])('has the scopes that its token names: %s', async (_what, claims, tools) => {
      const listed = await steward.request('tools/list', {}, bearing(await sign(claims)));
      const names = (listed.json?.result?.['tools'] as { name: string }[] | undefined)?.map(
        ({ name }) => name,
      );
      expect(names).toHaveLength(tools);
    });

    it('without the scope of a tool is told which one, with those it has', async () => {
      const token = await sign({ scope: 'audit:read directory:read' });
      const answer = await steward.call('create_department', { name: 'Secret' }, bearing(token));
      expect(answer.status).toBe(403);
      expect(codeOf(answer)).toBe('FORBIDDEN');
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer resource_metadata="${metadataUrl}", error="insufficient_scope", error_description="This needs the scope directory:write.", scope="${ALL_SCOPES}"`,
      );
      const poor = await steward.call('list_departments', {}, bearing(await sign({ scope: 'audit:read' })));
      expect(poor.headers['www-authenticate']).toContain('scope="directory:read audit:read"');
    });

    it('is counted by name, and a caller without one by address', async () => {
      const strict = await another({ RATE_LIMIT_PER_MINUTE: '2' });
      const as = async (sub: string) => {
        const token = await issuer.sign({ aud: strict.url, sub, scope: 'directory:read' });
        return (await strict.call('list_departments', {}, bearing(token))).status;
      };
      expect([await as('ann'), await as('ann'), await as('ann'), await as('bob')]).toEqual([
        200, 200, 429, 200,
      ]);
      const refusals = [];
      // Requests of any kind have five times as many.
      for (let tries = 0; tries < 11; tries += 1) refusals.push((await strict.request('ping')).status);
      expect(refusals).toEqual([...Array<number>(10).fill(401), 429]);
      expect(await as('bob')).toBe(200);
    });

    it('may come with a token that writes the address another way, where there is no path', async () => {
      const bare = await another({ PUBLIC_URL: 'https://tools.example.com' });
      const statusFor = async (aud: unknown) => {
        const authorization = `Bearer ${await issuer.sign({ aud })}`;
        return (await bare.request('ping', {}, { headers: { host: 'tools.example.com', authorization } }))
          .status;
      };
      for (const aud of [
        'https://tools.example.com',
        'https://tools.example.com/',
        'https://TOOLS.example.com:443/',
      ])
        expect([aud, await statusFor(aud)]).toEqual([aud, 200]);
      for (const aud of [
        'https://tools.example.com/x',
        'http://tools.example.com/',
        'tools.example.com',
        '/',
      ])
        expect([aud, await statusFor(aud)]).toEqual([aud, 401]);
      const path = '/.well-known/oauth-protected-resource/';
      expect(await bare.send({ method: 'GET', path, body: '' })).toMatchObject({
        status: 200,
        json: { resource: 'https://tools.example.com' },
      });
    });

    it('may be named by another claim, and meant by another audience', async () => {
      const renamed = await another({
        AUTH_CALLER_CLAIM: 'client_id',
        AUTH_AUDIENCE: 'api://steward',
      });
      const good = await issuer.sign({ aud: 'api://steward', client_id: 'payroll', scope: ALL_SCOPES });
      await renamed.call('set_user_role', { user_id: 4, role: 'Auditor' }, bearing(good));
      expect(await database.query('SELECT actor FROM user_audit_log WHERE user_id = 4')).toEqual([
        { actor: 'payroll' },
      ]);
      const nameless = await issuer.sign({ aud: 'api://steward', scope: ALL_SCOPES });
      expect(await pingWith(renamed, nameless)).toMatchObject({ status: 401 });
      const elsewhere = await issuer.sign({ aud: renamed.url, client_id: 'payroll' });
      expect(await pingWith(renamed, elsewhere)).toMatchObject({ status: 401 });
    });
  });

  describe('the metadata', () => {
    const PATHS = ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource'];

    it.each(PATHS)('is at %s, for everybody, also for pages in a browser', async (path) => {
      const answer = await steward.send({ method: 'GET', path, headers: { origin: 'https://app.example' } });
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
      });
      expect(answer.json).toEqual({
        resource: steward.url,
        authorization_servers: [issuer.url],
        scopes_supported: ALL_SCOPES.split(' '),
        bearer_methods_supported: ['header'],
        resource_name: 'Steward',
      });
      const preflight = await steward.send({
        method: 'OPTIONS',
        path,
        headers: { origin: 'https://app.example', 'access-control-request-headers': 'mcp-protocol-version' },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'mcp-protocol-version',
      });
    });

    it('speaks of the public address where there is one, which is then a name of the server’s, on any address', async () => {
      const PUBLIC_URL = 'https://Tools.example.com:443/steward/mcp/';
      const behind = await another({ HTTP_HOST: '0.0.0.0', PUBLIC_URL });
      const path = '/.well-known/oauth-protected-resource/steward/mcp';
      const resource = 'https://tools.example.com/steward/mcp';
      expect(await behind.send({ method: 'GET', path })).toMatchObject({ status: 200, json: { resource } });
      const headers = { host: 'tools.example.com', origin: 'https://tools.example.com' };
      const refused = await behind.request('ping', {}, { headers });
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toContain(
        'resource_metadata="https://tools.example.com/.well-known/oauth-protected-resource/steward/mcp"',
      );
      const authorization = `Bearer ${await issuer.sign({ aud: resource })}`;
      const answer = await behind.request('ping', {}, { headers: { ...headers, authorization } });
      expect(answer).toMatchObject({ status: 200 });
    });
  });

  it('the SDK’s client finds the issuer, gets a token for this server and calls with it', async () => {
    const authProvider = new ClientCredentialsProvider({
      clientId: 'robot',
      clientSecret: 'secret',
      scope: 'directory:read',
      expectedIssuer: issuer.url,
    });
    const client = new Client({ name: 'tests', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(steward.url), { authProvider }));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('find_users');
    expect(tools.map(({ name }) => name)).not.toContain('create_user');
    const found = await client.callTool({ name: 'list_departments', arguments: {} });
    expect(found.isError).toBeUndefined();
    await client.close();
    expect(issuer.tokenRequests).toHaveLength(1);
    expect(Object.fromEntries(issuer.tokenRequests[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'directory:read',
      resource: steward.url,
    });
  });
});
