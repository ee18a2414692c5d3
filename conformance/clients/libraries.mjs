import { auth } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { cached } from './cached.mjs';
import { afterLogin, Login } from './log-in.mjs';

/** @typedef {import('./tour.mjs').Place} Place */
/** @typedef {import('./tour.mjs').Session} Session */

const INFO = { name: 'tour', version: '1' };

/**
 * A version of the SDK.
 * @typedef {object} Sdk
 * @property {() => any} newClient
 * @property {(options: any) => any} stdio a transport
 * @property {(url: string, options: any) => any} http a transport
 * @property {(transport: any, back: URLSearchParams) => Promise<void>} finish trades the code for a token
 */

/** @type {Sdk} */
export const SDK_1 = {
  newClient: () => new Client(INFO),
  stdio: (options) => new StdioClientTransport(options),
  http: (url, options) => new StreamableHTTPClientTransport(new URL(url), options),
  finish: (transport, back) => transport.finishAuth(back.get('code') ?? ''),
};

/** What a person fills in, in each form that asks for a department. */
export const CHOSEN = 'Sales';

/**
 * The second version of the SDK, which may ask first whether the server speaks a newer protocol. There it fills in the forms
 * of a call (specification 2026-07-28, basic/patterns/mrtr); in the older ones Steward shows none.
 * @param {'legacy' | 'auto' | { pin: string }} mode
 */
export const openSdk2 = (mode) => async (/** @type {Place} */ place) => {
  const sdk = await cached('@modelcontextprotocol/client');
  const { StdioClientTransport: Stdio } = await cached('@modelcontextprotocol/client/stdio');
  return openSdk(place, {
    newClient() {
      const client = new sdk.Client(INFO, {
        capabilities: { elicitation: { form: {} } },
        versionNegotiation: { mode },
      });
      client.setRequestHandler('elicitation/create', () => ({
        action: 'accept',
        content: { department: CHOSEN },
      }));
      return client;
    },
    stdio: (options) => new Stdio(options),
    http: (url, options) => new sdk.StreamableHTTPClientTransport(new URL(url), options),
    finish: (transport, back) => transport.finishAuth(back),
  });
};

/** @param {Place} place @param {Sdk} sdk @returns {Promise<Session>} */
export async function openSdk({ command, env, url = '', login }, { newClient, stdio, http, finish }) {
  /** @type {any} */
  let transport;
  const connect = async (/** @type {() => any} */ makeTransport) => {
    const client = newClient();
    transport = makeTransport();
    await client.connect(transport);
    return client;
  };
  let client;
  if (command) {
    const [program, ...args] = command;
    client = await connect(() => stdio({ command: program, args, env, stderr: 'ignore' }));
  } else {
    const authProvider = login ? new Login() : undefined;
    const open = () => connect(() => http(url, { authProvider }));
    client = authProvider ? await afterLogin(open, () => finish(transport, authProvider.back)) : await open();
  }
  return {
    tools: async () => (await client.listTools()).tools.map(nameOf),
    call: async (name, args) => textOf((await client.callTool({ name, arguments: args })).content),
    resources: async () => (await client.listResources()).resources.map(uriOf),
    read: async (uri) => (await client.readResource({ uri })).contents[0].text,
    close: () => client.close(),
  };
}

/** @param {Place} place @returns {Promise<Session>} */
export async function openAiSdk({ command, env, url = '', login }) {
  const { createMCPClient, auth: authorize } = await cached('@ai-sdk/mcp');
  const { StdioMCPTransport } = await cached('@ai-sdk/mcp/mcp-stdio');
  let client;
  if (command) {
    const [program, ...args] = command;
    client = await createMCPClient({
      transport: new StdioMCPTransport({ command: program, args, env, stderr: 'ignore' }),
    });
  } else {
    const authProvider = login ? new Login() : undefined;
    const open = () => createMCPClient({ transport: { type: 'http', url, authProvider } });
    client = authProvider
      ? await afterLogin(open, () =>
          authorize(authProvider, {
            serverUrl: url,
            authorizationCode: authProvider.back.get('code'),
            callbackIssuer: authProvider.back.get('iss'),
          }),
        )
      : await open();
  }
  const tools = await client.tools();
  return {
    tools: async () => Object.keys(tools),
    call: async (name, args) => {
      const answer = await tools[name].execute(args, { messages: [], toolCallId: '1' });
      return textOf(answer.content);
    },
    resources: async () => (await client.listResources()).resources.map(uriOf),
    read: async (uri) => (await client.readResource({ uri })).contents[0].text,
    close: () => client.close(),
  };
}

/** @param {Place} place @returns {Promise<Session>} */
export async function openLangChain({ command, env, url = '', login }) {
  const { MultiServerMCPClient } = await cached('@langchain/mcp-adapters');
  const authProvider = login ? new Login() : undefined;
  const server = command
    ? { transport: 'stdio', command: command[0], args: command.slice(1), env, stderr: 'ignore' }
    : { transport: 'http', url, authProvider };
  const open = async () => {
    const client = new MultiServerMCPClient({ mcpServers: { steward: server } });
    return { client, tools: await client.getTools() };
  };
  const { client, tools } = authProvider
    ? // Its server's metadata has to be found again: the adapter hands none over.
      await afterLogin(open, () =>
        auth(authProvider, {
          serverUrl: url,
          authorizationCode: authProvider.back.get('code') ?? '',
        }),
      )
    : await open();
  return {
    tools: async () => tools.map(nameOf),
    call: async (name, args) => {
      const tool = tools.find((/** @type {{ name: string }} */ candidate) => candidate.name === name);
      // It throws what a tool answers as an error.
      const answer = await tool.invoke(args).catch((/** @type {Error} */ error) => error.message);
      return typeof answer === 'string' ? answer : JSON.stringify(answer);
    },
    resources: async () => (await client.listResources()).steward.map(uriOf),
    read: async (uri) => (await client.readResource('steward', uri))[0].text,
    close: () => client.close(),
  };
}

export const nameOf = (/** @type {{ name: string }} */ { name }) => name;
export const uriOf = (/** @type {{ uri: string }} */ { uri }) => uri;

/** @param {{ text?: string }[]} content */
export const textOf = (content) => content.map(({ text = '' }) => text).join('\n');
