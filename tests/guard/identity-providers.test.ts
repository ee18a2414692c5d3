import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { bearing, HttpSteward, type HttpRequest } from '../support/http.js';
import { inSeconds, Issuer, type Claims } from '../support/issuer.js';

/** The recipes of docs/authentication.md, as they stand there, with tokens as each provider issues them. */

const PAGE = readFileSync(path.join(ROOT, 'docs/authentication.md'), 'utf8');

/** The settings of a recipe. */
function recipe(provider: string): Record<string, string> {
  const [, block = ''] = new RegExp(`^### ${provider}\\n+\`\`\`sh\\n(.*?)\`\`\``, 'ms').exec(PAGE) ?? [];
  return Object.fromEntries(
    block
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
}

const STEWARD = 'https://steward.example.com/mcp';
const PERSON = 'f0d2b1f3-5a1c-4ba2-9c5e-7d3a2a3f5a10';
const ENTRA_APP = '6731de76-14a6-49ae-97bc-6eba6914391e';
const COGNITO_CLIENT = '1h57kf5cpq17m0eml12EXAMPLE';

interface Provider {
  name: string;
  /** What an access token holds besides `iss` and `exp`. */
  claims: Claims;
  header: Claims;
  /** Scopes as clients get to know them. */
  advertised: string;
  caller: string;
  /** Other tokens that are good here. */
  alsoGood?: Claims[];
  /** Tokens of the same issuer that are none for this server. */
  bad: [what: string, claims: Claims][];
}

const SHORT = 'directory:read directory:write audit:read';
const prefixed = (prefix: string) =>
  SHORT.split(' ')
    .map((scope) => prefix + scope)
    .join(' ');

const PROVIDERS: Provider[] = [
  {
    name: 'Entra ID',
    header: { typ: 'JWT', x5t: 'kid-of-entra' },
    claims: {
      aud: ENTRA_APP,
      azp: 'b14a7505-96e9-4927-91e8-0601d0fc9caa',
      azpacr: '0',
      name: 'Ann Abbott',
      oid: PERSON,
      preferred_username: 'ann@example.com',
      rh: '0.AAAA',
      scp: 'directory:read audit:read',
      sub: 'hKkq1pairwise',
      tid: '9188040d-6c67-4c5b-b112-36a304b66dad',
      uti: 'abc',
      ver: '2.0',
    },
    advertised: prefixed(`${STEWARD}/`),
    caller: PERSON,
    alsoGood: [{ aud: STEWARD, ver: '1.0' }],
    bad: [
      ['for Microsoft Graph', { aud: '00000003-0000-0000-c000-000000000000' }],
      ['of version 1 from the other issuer', { iss: 'https://sts.windows.net/9188040d/' }],
      ['of an application without a person', { oid: undefined }],
    ],
  },
  {
    name: 'Auth0',
    header: { typ: 'at+jwt' },
    claims: {
      sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
      aud: [STEWARD, 'https://staff.eu.auth0.com/userinfo'],
      azp: 'my_client_id',
      scope: 'openid profile directory:read audit:read',
      permissions: ['directory:write'],
    },
    advertised: SHORT,
    caller: 'auth0|5f7c8ec7c33c6c004bbafe82',
    alsoGood: [{ aud: STEWARD }],
    bad: [
      ['for the user’s profile only', { aud: 'https://staff.eu.auth0.com/userinfo' }],
      ['that is an ID token', { aud: 'my_client_id', nonce: 'n' }],
      ['from the issuer without its slash', { iss: 'https://staff.eu.auth0.com' }],
    ],
  },
  {
    name: 'Keycloak',
    header: { typ: 'JWT' },
    claims: {
      jti: 'onrtac:1',
      aud: [STEWARD, 'account'],
      sub: PERSON,
      typ: 'Bearer',
      azp: 'claude',
      sid: 's',
      acr: '1',
      'allowed-origins': ['/*'],
      realm_access: { roles: ['directory:write'] },
      scope: 'directory:read profile audit:read email',
      preferred_username: 'ann',
    },
    advertised: SHORT,
    caller: PERSON,
    alsoGood: [{ aud: `${STEWARD}/` }],
    bad: [
      ['without the audience mapper', { aud: 'account' }],
      ['that is an ID token', { aud: 'claude', typ: 'ID' }],
      ['of another realm', { iss: 'https://id.example.com/realms/guests' }],
    ],
  },
  {
    name: 'Amazon Cognito',
    header: {},
    claims: {
      sub: PERSON,
      client_id: COGNITO_CLIENT,
      origin_jti: 'o',
      token_use: 'access',
      scope: 'steward/directory:read openid steward/audit:read other/directory:write',
      auth_time: inSeconds(-5),
      jti: 'j',
      username: 'ann',
      version: 2,
    },
    advertised: prefixed('steward/'),
    caller: PERSON,
    alsoGood: [{ aud: STEWARD, client_id: 'another' }],
    bad: [
      ['of another client', { client_id: 'another' }],
      ['of no client', { client_id: undefined }],
      ['of a list of clients', { client_id: [COGNITO_CLIENT] }],
      ['that is an ID token', { aud: COGNITO_CLIENT, token_use: 'id' }],
      ['for another resource', { aud: 'https://other.example.com' }],
      ['for no resource, as a list has it', { aud: [] }],
      ['for no resource, as null has it', { aud: null }],
    ],
  },
];

let database: TestDatabase;
let issuer: Issuer;

beforeAll(async () => {
  [database, issuer] = await Promise.all([freshDatabase(), Issuer.start()]);
});
afterAll(async () => {
  await issuer.close();
  await database.drop();
});

describe.each(PROVIDERS)('with the settings for $name', (provider) => {
  const settings = recipe(provider.name);
  let steward: HttpSteward;

  beforeAll(async () => {
    steward = await HttpSteward.start({
      ...database.env,
      ...settings,
      AUTH_JWKS_URL: issuer.jwksUrl,
      STEWARD_SECRET: 'A'.repeat(43),
    });
  });
  afterAll(() => steward.stop());

  const sign = (claims: Claims = {}) =>
    issuer.sign(
      { iss: settings['AUTH_ISSUER'], sub: undefined, ...provider.claims, ...claims },
      provider.header,
    );
  /** A request by the name that the recipe gives the server. */
  const request = (method: string, params: object, options: HttpRequest = {}) =>
    steward.request(method, params, {
      ...options,
      headers: { host: 'steward.example.com', ...options.headers },
    });

  it('an access token says who calls, and gives its scopes and no other', async () => {
    const token = await sign();
    const { json } = await request('tools/list', {}, bearing(token));
    const names = (json?.result?.['tools'] as { name: string }[] | undefined)?.map(({ name }) => name);
    expect(names).toContain('get_user_history');
    expect(names).not.toContain('create_user');
    await request('tools/call', { name: 'list_departments' }, bearing(token));
    expect(await steward.logged('call')).toMatchObject({ caller: provider.caller, outcome: 'OK' });
    for (const claims of provider.alsoGood ?? [])
      expect(await request('ping', {}, bearing(await sign(claims)))).toMatchObject({ status: 200 });
  });

  it.each(provider.bad)('a token %s is refused', async (_what, claims) => {
    const answer = await request('ping', {}, bearing(await sign(claims)));
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('clients learn scopes as they have to ask for them', async () => {
    const metadata = await steward.send({
      method: 'GET',
      path: '/.well-known/oauth-protected-resource/mcp',
      body: '',
    });
    expect(metadata.json).toMatchObject({
      resource: STEWARD,
      authorization_servers: [settings['AUTH_ISSUER']],
      scopes_supported: provider.advertised.split(' '),
    });
    const { headers } = await request('ping', {});
    expect(headers['www-authenticate']).toContain(`scope="${provider.advertised}"`);
    const poor = await request('tools/call', { name: 'create_department' }, bearing(await sign()));
    expect(poor.status).toBe(403);
    expect(poor.headers['www-authenticate']).toContain(`scope="${provider.advertised}"`);
  });
});
