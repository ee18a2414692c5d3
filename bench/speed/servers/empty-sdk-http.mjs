// The same empty tool behind the SDK's own server and its stateful HTTP transport, on plain node:http, without a guard.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { emptySdkServer } from './empty-sdk.mjs';

/** @type {Map<string, StreamableHTTPServerTransport>} */
const sessions = new Map();

async function openSession() {
  const mcp = emptySdkServer();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => void sessions.set(id, transport),
  });
  await mcp.connect(transport);
  return transport;
}

/** @type {(request: http.IncomingMessage, response: http.ServerResponse) => Promise<void>} */
async function answer(request, response) {
  const transport = sessions.get(String(request.headers['mcp-session-id'])) ?? (await openSession());
  await transport.handleRequest(request, response);
}

http
  .createServer((request, response) => void answer(request, response))
  .listen(Number(process.env['EMPTY_SDK_PORT']), '127.0.0.1');
