import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { defineTool, definePrompt, EFFECTS } from '../../build/capability/define.js';
import { StewardError } from '../../build/errors.js';
import { askingPrompts, askingTools } from './asking.mjs';
import { named, nothing, tool } from './definitions.mjs';

/**
 * The capabilities that the official suite expects of a server, each named and worded as its scenarios ask for it. It is a
 * domain as any other: defined with what the real one is defined with, and served by what serves the real one.
 */

/** @typedef {import('../../build/capability/define.js').Attachment} Attachment */
/** @typedef {import('../../build/capability/domain.js').Domain} Domain */

/** One red pixel. @type {Attachment} */
const picture = {
  kind: 'image',
  mimeType: 'image/png',
  base64: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
};

/** A WAV file without a sample. @type {Attachment} */
const sound = {
  kind: 'audio',
  mimeType: 'audio/wav',
  base64: 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=',
};

/** @param {string} uri @param {string} text @returns {Attachment} */
const document = (uri, text) => ({ kind: 'document', uri, mimeType: 'text/plain', text });

/** @param {string} name @param {string} message @param {Attachment[]} [attached] */
const saying = (name, message, attached) => tool(name, async () => message, attached);

/** @param {string} name @param {string | (string | Attachment)[]} parts */
const prompting = (name, parts) =>
  definePrompt({ ...named(name), arguments: nothing, render: async () => parts });

const simpleText = saying('test_simple_text', 'This is a simple text response for testing.');
const image = saying('test_image_content', 'One red pixel.', [picture]);

const templated = defineTool({
  ...named('templated'),
  effect: EFFECTS.reads,
  input: z.strictObject({ id: z.string() }),
  output: z.strictObject({ id: z.string(), templateTest: z.boolean(), data: z.string() }),
  handle: async ({ id }) => ({ id, templateTest: true, data: `Data for ID: ${id}` }),
});

/** @type {Domain} */
export const suiteDomain = {
  name: 'suite',
  settings: {},
  scopes: ['directory:read'],
  completions: {},
  instructions: 'What the official suite looks for.',
  redactArguments: () => ({}),
  tools: [
    simpleText,
    image,
    saying('test_audio_content', 'Silence.', [sound]),
    saying('test_embedded_resource', 'A document.', [
      document('test://embedded-resource', 'This is an embedded resource content.'),
    ]),
    saying('test_multiple_content_types', 'Multiple content types test:', [
      picture,
      document('test://mixed-content-resource', '{"test":"data","value":123}'),
    ]),
    tool('test_error_handling', async () => {
      throw new StewardError('CONFLICT', 'This tool intentionally returns an error for testing');
    }),
    // Progress comes each second.
    tool('test_tool_with_progress', () => setTimeout(3500, 'Done.')),
    saying('test_logging_tool', 'Nothing is logged to clients.'),
    ...askingTools,
  ],
  resources: [
    { ...named('static_text'), uriTemplate: 'test://static-text', tool: simpleText },
    { ...named('static_binary'), uriTemplate: 'test://static-binary', tool: image, mimeType: 'image/png' },
    { ...named('template'), uriTemplate: 'test://template/{id}/data', tool: templated },
  ],
  prompts: [
    prompting('test_simple_prompt', 'This is a simple prompt for testing.'),
    definePrompt({
      ...named('test_prompt_with_arguments'),
      arguments: z.strictObject({ arg1: z.string(), arg2: z.string() }),
      render: async ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
    }),
    definePrompt({
      ...named('test_prompt_with_embedded_resource'),
      arguments: z.strictObject({ resourceUri: z.string() }),
      render: async ({ resourceUri }) => [
        document(resourceUri, 'Embedded resource content for testing.'),
        'Please process the embedded resource above.',
      ],
    }),
    prompting('test_prompt_with_image', [picture, 'Please analyze the image above.']),
    ...askingPrompts,
  ],
};
