// Steward as in production, over HTTP, on capabilities that fail in every way.
import { z } from 'zod';
import { definePrompt, defineTool, EFFECTS } from '../../build/capability/define.js';
import { composeConfigured } from '../../build/commands/compose.js';
import { serveHttp } from '../../build/commands/serve-http.js';

/** @typedef {import('../../build/capability/define.js').Tool} Tool */

/** @returns {never} */
const fail = () => {
  throw new TypeError('a secret of the server');
};

/** @param {string} name @param {() => any} handle @param {() => any} [attach] */
const tool = (name, handle, attach) =>
  defineTool({
    name,
    title: name,
    description: name,
    scope: 'directory:read',
    effect: EFFECTS.reads,
    input: z.strictObject({}),
    output: z.looseObject({}),
    handle: async () => handle(),
    ...(attach && { attachments: async () => attach() }),
  });

const fine = () => ({ message: 'fine' });
let spoiled = false;
/** Cannot even be looked for, once `spoil` was called. */
const spoilt = {
  ...tool('spoilt', fine),
  get name() {
    return spoiled ? fail() : 'spoilt';
  },
};

const notJson = { kind: 'image', mimeType: 'image/png', base64: 1n };

const tools = [
  tool('handler_throws', fail),
  tool('handler_throws_a_strange_cause', () => {
    throw new TypeError('a secret of the server', { cause: { amount: 1n } });
  }),
  tool('answer_is_no_json', () => ({ id: 1n })),
  tool('answer_throws_when_read', () => ({
    get id() {
      return fail();
    },
  })),
  tool('answer_is_too_large', () => ({ message: 'x'.repeat(300 * 1024) })),
  tool('attachments_throw', fine, fail),
  tool('attachment_is_no_json', fine, () => [notJson]),
];

/** Its arguments cannot be made fit for the log. */
const secretive = { ...tool('secretive', fine), input: z.looseObject({}) };

const spoil = tool('spoil', () => {
  spoiled = true;
  return fine();
});

/** @param {Tool} of */
const resource = (of) => ({
  name: of.name,
  title: of.name,
  description: of.name,
  uriTemplate: `faulty://${of.name}`,
  tool: of,
  ...(of.attachments && { mimeType: 'image/png' }),
});

/** @param {string} name @param {() => any} render */
const prompt = (name, render) =>
  definePrompt({
    name,
    title: name,
    description: name,
    scope: 'directory:read',
    arguments: z.strictObject({}),
    render: async () => render(),
  });

/** @type {import('../../build/capability/domain.js').Domain} */
const domain = {
  name: 'faulty',
  settings: {},
  scopes: ['directory:read'],
  tools: [...tools, secretive, spoil, spoilt],
  resources: tools.map(resource),
  prompts: [
    prompt('render_throws', fail),
    prompt('message_is_no_json', () => [notJson]),
    prompt('message_is_too_large', () => 'x'.repeat(300 * 1024)),
    prompt('completed', () => 'fine'),
  ],
  completions: { broken: { scope: 'directory:read', values: async () => fail() } },
  instructions: '',
  redactArguments: (args) => ('secret' in Object(args) ? fail() : {}),
};

/** @type {import('../../build/commands/compose.js').Compose} */
const compose = (options) => ({ ...composeConfigured(options), domains: [domain] });

await serveHttp(compose);
