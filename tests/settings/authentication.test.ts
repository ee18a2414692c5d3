import { describe, expect, it } from '@jest/globals';
import { steward as run } from '../support/command.mjs';

const SECRET = Buffer.alloc(32, 'x').toString('base64url');

describe('what AUTH_MODE needs', () => {
  const JWT = {
    AUTH_MODE: 'jwt',
    AUTH_ISSUER: 'https://id.example.com',
    AUTH_JWKS_URL: 'https://id.example.com/keys',
    PUBLIC_URL: 'https://steward.example.com/mcp',
  };

  it.each<[env: Record<string, string>, problems: string[]]>([
    [{ HTTP_HOST: '0.0.0.0' }, ['HTTP_HOST must be a loopback address where AUTH_MODE is none']],
    [{ HTTP_HOST: '::' }, ['HTTP_HOST must be a loopback address where AUTH_MODE is none']],
    [{ HTTP_HOST: '127.0.0.1.example.com' }, ['HTTP_HOST must be a loopback address']],
    [
      { PUBLIC_URL: 'https://steward.example.com/mcp', STEWARD_SECRET: SECRET },
      ['PUBLIC_URL must be one of a loopback address where AUTH_MODE is none'],
    ],
    [
      { ALLOWED_HOSTS: 'localhost,steward.example.com' },
      ['ALLOWED_HOSTS must be loopback addresses where AUTH_MODE is none'],
    ],
    [{ TRUSTED_PROXIES: 'loopback' }, ['TRUSTED_PROXIES must not be set where AUTH_MODE is none']],
    [{ AUTH_MODE: 'token', ALLOWED_HOSTS: '*' }, ['ALLOWED_HOSTS must be host names or addresses']],
    [{ AUTH_MODE: 'token', ALLOWED_HOSTS: 'a.example.com:443' }, ['ALLOWED_HOSTS must be host names']],
    [{ AUTH_MODE: 'trust', HTTP_HOST: '0.0.0.0' }, ['AUTH_MODE must be one of none, token, jwt']],
    [
      { AUTH_MODE: 'jwt' },
      ['AUTH_ISSUER', 'AUTH_JWKS_URL', 'PUBLIC_URL'].map(
        (name) => `${name} must be set where AUTH_MODE is jwt`,
      ),
    ],
    [
      {
        ...JWT,
        AUTH_ISSUER: 'http://id.example.com',
        AUTH_JWKS_URL: 'keys',
        PUBLIC_URL: 'http://10.0.0.1/mcp',
      },
      ['PUBLIC_URL', 'AUTH_ISSUER', 'AUTH_JWKS_URL'].map((name) => `${name} must be an https:// URL`),
    ],
    [{ ...JWT, PUBLIC_URL: 'https://steward.example.com/mcp?x=1' }, ['PUBLIC_URL must not have a query']],
    [{ ...JWT, AUTH_ISSUER: 'https://ann:hunter2@id.example.com' }, ['AUTH_ISSUER must be an https:// URL']],
    [{ ...JWT, AUTH_ALGORITHMS: 'RS256,HS256' }, ['AUTH_ALGORITHMS must hold some of RS256,']],
    [{ ...JWT, AUTH_ALGORITHMS: 'none' }, ['AUTH_ALGORITHMS must hold some of RS256,']],
    [{ ...JWT, AUTH_ALGORITHMS: ',' }, ['AUTH_ALGORITHMS must hold some of RS256,']],
  ])('%j is refused with all that is wrong', async (env, problems) => {
    const { code, stderr } = await run(['http'], env);
    expect(code).toBe(1);
    expect(stderr.match(/^ {2}- .*$/gm)).toEqual(problems.map((problem) => expect.stringContaining(problem)));
    expect(stderr).not.toMatch(/hunter2|\n\s+at /);
  });

  it('is no matter to other commands', async () => {
    const env = { DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere', HTTP_HOST: '0.0.0.0', AUTH_MODE: 'jwt' };
    expect(await run(['database-url'], env)).toMatchObject({ code: 0 });
    expect(await run(['database-url'], { ...env, AUTH_MODE: 'none' })).toMatchObject({ code: 0 });
  });
});
