import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWK } from 'jose';

/** The behaviour of the issuer when its keys are fetched. */
type Behaviour = 'answers' | 'hangs' | 'fails' | 'talks garbage' | 'has no keys';

/** Of a token, good ones and bad ones. */
export type Claims = Record<string, unknown>;

type SigningKey = Awaited<ReturnType<typeof newKey>>;

/** A little authorization server: it has keys, signs access tokens, and gives them out for client credentials. */
export class Issuer {
  behaviour: Behaviour = 'answers';
  /** Counts the fetches of its keys. */
  keyRequests = 0;
  /** The headers of all requests. */
  readonly headers: http.IncomingHttpHeaders[] = [];
  /** The requests to the token endpoint. */
  readonly tokenRequests: URLSearchParams[] = [];
  #server: http.Server | undefined;
  #published: JWK[] = [];

  private constructor(
    private port: number,
    public key: SigningKey,
  ) {}

  static async start(alg = 'RS256'): Promise<Issuer> {
    const issuer = new Issuer(0, await newKey(alg));
    await issuer.publish(issuer.key);
    await issuer.open();
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get jwksUrl(): string {
    return `${this.url}/keys`;
  }

  /** Signs with a new key from now on, and publishes it in place of the old one. */
  async rotate(): Promise<void> {
    this.key = await newKey(this.key.alg);
    await this.publish(this.key);
  }

  async publish(...keys: SigningKey[]): Promise<void> {
    const published = async ({ publicKey, kid, alg }: SigningKey) => {
      return { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
    };
    this.#published = await Promise.all(keys.map(published));
  }

  /** A token with these claims and header members besides the usual ones; undefined leaves one out. */
  sign(
    claims: Claims,
    header: Record<string, unknown> = {},
    { kid, alg, privateKey }: SigningKey = this.key,
  ): Promise<string> {
    const usual = { iss: this.url, sub: 'ann', exp: inSeconds(300) };
    return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
  }

  publicKeyText(): Promise<string> {
    return exportSPKI(this.key.publicKey);
  }

  async open(): Promise<void> {
    this.#server = http.createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server?.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.headers.push(request.headers);
    const json = (body: object) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    if (request.url === '/keys') {
      this.keyRequests += 1;
      if (this.behaviour === 'answers') json({ keys: this.#published });
      else if (this.behaviour === 'has no keys') json({ keys: 'none' });
      else if (this.behaviour === 'talks garbage') response.end('<html>Welcome</html>');
      else if (this.behaviour === 'fails') response.writeHead(500).end('{}');
    } else if (request.url === '/.well-known/oauth-authorization-server') {
      json({
        issuer: this.url,
        authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.url}/token`,
        response_types_supported: ['code'],
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
      });
    } else if (request.url === '/token') {
      const asked = new URLSearchParams(await text(request));
      this.tokenRequests.push(asked);
      const granted = { aud: asked.get('resource') ?? '', scope: asked.get('scope') ?? '' };
      const token = await this.sign({ sub: 'robot', ...granted });
      json({ access_token: token, token_type: 'Bearer', expires_in: 300, scope: granted.scope });
    } else response.writeHead(404).end();
  }
}

/** As `exp` and `nbf` have it. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

let made = 0;

export async function newKey(alg: string) {
  made += 1;
  return { kid: `key-${made}`, alg, ...(await generateKeyPair(alg, { extractable: true })) };
}
