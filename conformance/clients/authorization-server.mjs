import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { json, text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** The user who agrees to everything that a client asks for. */
export const USER = 'ann';

const LIFETIME_SECONDS = 300;

/** @typedef {{ client: string, redirect: string, challenge: string, resource: string, scope: string }} Grant */

/**
 * An OAuth 2.1 authorization server on a loopback port: metadata, dynamic registration, authorization codes with PKCE, and
 * access tokens for the resource that the client named, to the letter. What a client has to send is checked.
 */
export async function startAuthorizationServer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'key', alg: 'RS256', use: 'sig' };
  /** @type {Map<string, string[]>} redirect URIs by client */
  const clients = new Map();
  /** @type {Map<string, Grant>} by code, which is good once */
  const grants = new Map();

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async function answer(request, response) {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const reply = (/** @type {object} */ body, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const steps = {
      'GET /.well-known/oauth-authorization-server': () => reply(metadata),
      'GET /keys': () => reply({ keys: [key] }),
      'GET /authorize': () => response.writeHead(302, { location: authorize(searchParams) }).end(),
      'POST /register': async () => reply(register(/** @type {any} */ (await json(request))), 201),
      'POST /token': async () => reply(await redeem(new URLSearchParams(await text(request)))),
    };
    const step = steps[/** @type {keyof typeof steps} */ (`${request.method} ${pathname}`)];
    try {
      await (step ? step() : reply({}, 404));
    } catch (error) {
      reply({ error: 'invalid_request', error_description: /** @type {Error} */ (error).message }, 400);
    }
  }

  /** @param {{ redirect_uris: string[] }} wishes RFC 7591 */
  function register(wishes) {
    const id = randomUUID();
    clients.set(id, wishes.redirect_uris);
    return { ...wishes, client_id: id, token_endpoint_auth_method: 'none' };
  }

  /** @param {URLSearchParams} asked @returns {string} where the browser goes from here */
  function authorize(asked) {
    const value = (/** @type {string} */ name) => asked.get(name) ?? '';
    const grant = {
      client: value('client_id'),
      redirect: value('redirect_uri'),
      challenge: value('code_challenge'),
      resource: value('resource'),
      scope: value('scope'),
    };
    demand(clients.get(grant.client)?.includes(grant.redirect), 'redirect_uri is not a registered one');
    demand(value('code_challenge_method') === 'S256' && grant.challenge !== '', 'PKCE with S256 is needed');
    demand(URL.canParse(grant.resource), 'resource must name the MCP server (RFC 8707)');
    const code = randomUUID();
    grants.set(code, grant);
    const target = new URL(grant.redirect);
    for (const [name, said] of Object.entries({ code, state: asked.get('state'), iss: url }))
      if (said !== null) target.searchParams.set(name, said);
    return target.href;
  }

  /** @param {URLSearchParams} asked */
  async function redeem(asked) {
    const code = asked.get('code') ?? '';
    const grant = grants.get(code);
    grants.delete(code);
    if (!grant) throw new Error('the code is none, or was used');
    const verifier = createHash('sha256').update(asked.get('code_verifier') ?? '');
    demand(verifier.digest('base64url') === grant.challenge, 'code_verifier does not fit');
    demand(asked.get('client_id') === grant.client, 'client_id is another');
    demand(asked.get('redirect_uri') === grant.redirect, 'redirect_uri is another');
    demand(asked.get('resource') === grant.resource, 'resource is another');
    const token = new SignJWT({ client_id: grant.client, scope: grant.scope })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt' })
      .setIssuer(url)
      .setSubject(USER)
      .setAudience(grant.resource)
      .setExpirationTime(`${LIFETIME_SECONDS}s`);
    return {
      access_token: await token.sign(privateKey),
      token_type: 'Bearer',
      expires_in: LIFETIME_SECONDS,
      scope: grant.scope,
    };
  }

  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;
  const metadata = {
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    registration_endpoint: `${url}/register`,
    jwks_uri: `${url}/keys`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    authorization_response_iss_parameter_supported: true,
  };
  return {
    url,
    keysUrl: metadata.jwks_uri,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @param {unknown} condition @param {string} what */
function demand(condition, what) {
  if (!condition) throw new Error(what);
}
