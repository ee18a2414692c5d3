import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { type Answer, toAnswer } from '../../support/steward.js';
import { LOST } from './limits.js';

const CONNECTION_CLOSED: number = ErrorCode.ConnectionClosed;

/** An answer or a refusal, and the process it came from. `error` is Steward's code, or LOST, or 'no code'. */
export interface Outcome extends Answer {
  steward: string;
}

/** A client of the SDK, reduced to calls of tools. It never throws: a lost connection is an outcome as well. */
export type Caller = (tool: string, args: Record<string, unknown>) => Promise<Outcome>;

export function callerOf(client: Client, steward: () => string): Caller {
  return async (tool, args) => {
    const answer = await client.callTool({ name: tool, arguments: args }).then(toAnswer, failure);
    return { ...answer, steward: steward() };
  };
}

/**
 * Connects the SDK's client over HTTP. It sends each request to the next of the ports, as a balancer does, and to another
 * one only where a connection was refused: nothing is sent twice.
 */
export async function connectOverHttp(ports: number[]): Promise<Caller> {
  let turn = Math.floor(Math.random() * ports.length);
  let port = 0;
  const balance = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    for (let tries = 1; ; tries += 1) {
      port = ports[(turn += 1) % ports.length] ?? 0;
      try {
        return await fetch(`http://127.0.0.1:${port}/mcp`, init);
      } catch (error) {
        if (!isRefusedConnection(error) || tries === ports.length) throw error;
      }
    }
  };
  const transport = new StreamableHTTPClientTransport(new URL('http://127.0.0.1/mcp'), { fetch: balance });
  const client = new Client({ name: 'resilience', version: '1' });
  await client.connect(transport);
  return callerOf(client, () => `http:${port}`);
}

function isRefusedConnection(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
}

function failure(error: unknown): Answer {
  const text = String((error as Error).cause ?? error).slice(0, 300);
  return { text, data: {} as Answer['data'], error: codeOf(error) };
}

function codeOf(error: unknown): string {
  if (error instanceof McpError) {
    const data = error.data as { code?: string } | undefined;
    return data?.code ?? (error.code === CONNECTION_CLOSED ? LOST : 'no code');
  }
  // The SDK puts the body of a refused request at the end of its message.
  if (error instanceof StreamableHTTPError)
    return /"data":\{"code":"([A-Z_]+)"/.exec(error.message)?.[1] ?? 'no code';
  // By its name: the fetch of Node.js throws the TypeError of another realm than Jest's.
  const { name, message } = error as Error;
  return name === 'TypeError' || message === 'Not connected' ? LOST : 'no code';
}
