import type { TestDatabase } from './database.js';
import { HttpSteward } from './http.js';
import { claims, standardHeaders } from './modern.js';
import { RawClient, type Reply } from './raw-client.js';

export type JsonRpc = Pick<Reply, 'id' | 'result' | 'error'>;

/** Sends a request, to a server that nobody has greeted, and reads the answer. */
export type Ask = (method: string, params?: Record<string, unknown>, version?: string) => Promise<JsonRpc>;

/** One server over stdio and one over HTTP, on the same database. */
export class BothTransports {
  private constructor(
    readonly stdio: RawClient,
    readonly http: HttpSteward,
  ) {}

  /** @param program that serves over the transport that its argument names; the staff directory by default */
  static async start(database: TestDatabase, program?: string): Promise<BothTransports> {
    const env = { ...database.env, RATE_LIMIT_PER_MINUTE: '10000' };
    const stdio = new RawClient(env, program === undefined ? undefined : [program, 'stdio']);
    const http = await HttpSteward.start(env, program === undefined ? undefined : [program, 'http']);
    return new BothTransports(stdio, http);
  }

  async stop(): Promise<void> {
    await Promise.all([this.stdio.end(), this.http.stop()]);
  }

  /** In the older way: over HTTP the version stands in a header, over stdio nowhere. */
  askLegacy(transport: 'stdio' | 'HTTP'): Ask {
    if (transport === 'stdio') return (method, params) => this.stdio.request(method, params);
    return async (method, params, version = '2025-11-25') => {
      const headers = { 'mcp-protocol-version': version };
      return (await this.http.request(method, params, { headers })).json as JsonRpc;
    };
  }

  /** In the way of 2026-07-28. @param capabilities what the client declares */
  askModern(transport: 'stdio' | 'HTTP', capabilities: object = {}): Ask {
    return async (method, params = {}) => {
      const whole = { ...params, _meta: { ...claims(capabilities), ...Object(params['_meta']) } };
      if (transport === 'stdio') return this.stdio.request(method, whole);
      const headers = standardHeaders(method, params);
      return (await this.http.request(method, whole, { headers })).json as JsonRpc;
    };
  }
}
