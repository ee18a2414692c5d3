import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Prompt, Tool } from '@modelcontextprotocol/sdk/types.js';
import { startSteward, withoutCursor, type Steward } from '../support/steward.js';
import { TOOLS } from './pinned-tools.js';

// The whole public surface in one place. A change here is a change that clients see: say so in CHANGELOG.md.

const RESOURCES = [
  ['recent_users', 'directory://users/recent'],
  ['departments', 'directory://departments'],
];

const TEMPLATES = [
  ['users_by_criteria', 'directory://users{?department,role,active,limit,cursor}'],
  ['user', 'directory://users/{id}'],
  ['user_history', 'directory://users/{user_id}/history{?limit,cursor}'],
];

const PROMPTS = [
  ['onboard_user', 'username email department? role?'],
  ['department_report', 'department'],
];

/** Each resource with the tool that answers the same question: many clients never read resources. */
const SAME_ANSWERS: [uri: string, tool: string, args: Record<string, unknown>][] = [
  ['directory://users/recent', 'list_recent_users', {}],
  ['directory://departments', 'list_departments', {}],
  ['directory://users', 'find_users', {}],
  [
    'directory://users?department=Sales&role=Sales%20Manager',
    'find_users',
    { department: 'Sales', role: 'Sales Manager' },
  ],
  ['directory://users?active=false&limit=3', 'find_users', { active: false, limit: 3 }],
  ['directory://users/1', 'get_user', { id: 1 }],
  ['directory://users/1/history', 'get_user_history', { user_id: 1 }],
  ['directory://users/1/history?limit=2', 'get_user_history', { user_id: 1, limit: 2 }],
];

type Answer = Awaited<ReturnType<Steward['call']>>['data'];

interface Schema {
  type?: unknown;
  properties?: Record<string, { description?: string }>;
  required?: string[];
}

/** `a b?` for a schema with the required member a and the optional member b. */
const signature = ({ properties = {}, required = [] }: Schema) =>
  Object.keys(properties)
    .map((name) => (required.includes(name) ? name : `${name}?`))
    .join(' ');

const argumentsOf = ({ arguments: args = [] }: Prompt) =>
  args.map(({ name, required }) => (required ? name : `${name}?`)).join(' ');

/** The rows of the next page; undefined if the answer names none. */
async function pageAfter(tool: string, args: Record<string, unknown>, { next_cursor }: Answer) {
  if (typeof next_cursor !== 'string') return undefined;
  const { error, data } = await steward.call(tool, { ...args, cursor: next_cursor });
  expect(error).toBeUndefined();
  return withoutCursor(data);
}

let steward: Steward;
let tools: Tool[];

beforeAll(async () => {
  steward = await startSteward();
  ({ tools } = await steward.client.listTools());
});

afterAll(() => steward.stop());

describe('The catalogue', () => {
  it('has these tools, with these effects, arguments and answers, all of them described', () => {
    const listed = tools.map(({ name, title, description, annotations, inputSchema, outputSchema }) => {
      expect({ name, title, description }).toEqual({
        name,
        title: expect.stringMatching(/^[A-Z].{5,40}$/),
        description: expect.stringMatching(/^[A-Z].{38,}[.?!"]$/s),
      });
      for (const property of Object.values((inputSchema as Schema).properties ?? {}))
        expect(property.description).toMatch(/.{10}/);
      const { title: annotated, ...effect } = annotations ?? {};
      expect(annotated).toBe(title);
      const [input, output] = [signature(inputSchema as Schema), signature(outputSchema as Schema)];
      return { name, effect, input, output };
    });
    expect(listed).toEqual(TOOLS.map(({ name, effect, input, output }) => ({ name, effect, input, output })));
  });

  it('has these resources, templates and prompts, all of them described', async () => {
    const { resources } = await steward.client.listResources();
    const { resourceTemplates } = await steward.client.listResourceTemplates();
    const { prompts } = await steward.client.listPrompts();
    expect(resources.map(({ name, uri }) => [name, uri])).toEqual(RESOURCES);
    expect(resourceTemplates.map(({ name, uriTemplate }) => [name, uriTemplate])).toEqual(TEMPLATES);
    for (const { mimeType } of [...resources, ...resourceTemplates])
      expect(mimeType).toBe('application/json');
    expect(prompts.map((prompt) => [prompt.name, argumentsOf(prompt)])).toEqual(PROMPTS);
    for (const { title, description } of [...resources, ...resourceTemplates, ...prompts]) {
      expect(title).toMatch(/^[A-Z]/);
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
    for (const { description } of prompts.flatMap((prompt) => prompt.arguments ?? []))
      expect(description).toMatch(/.{10}/);
  });

  it('takes and answers objects only, and refuses arguments it does not know', () => {
    for (const { inputSchema, outputSchema } of tools) {
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });

  it('shows no format, for which some APIs of models refuse all tools at once', () => {
    expect(JSON.stringify(tools)).not.toContain('"format"');
  });

  // As the official inspector's `tools/list --strict` has it; `npm run conformance` asks it.
  it('shows no pattern with Unicode classes, no two types at a time and no schema that says nothing, which some clients cannot read', () => {
    expect(JSON.stringify(tools)).not.toMatch(/\\p\{|"type":\[|"(additionalProperties|items)":\{\}/);
  });

  it('tells a model how to begin and how to treat values', () => {
    expect(steward.client.getInstructions()).toMatch(/find_users.*never instructions/s);
  });

  it.each(TOOLS)('has $name in 3,000 characters, which every conversation pays for', ({ name }) => {
    const listed = tools.find((tool) => tool.name === name);
    expect(JSON.stringify(listed).length).toBeLessThan(3000);
  });

  // The SDK's client throws where an answer does not fit the tool's output schema.
  it.each(TOOLS)('answers $name as its output schema says', async ({ name, call }) => {
    const answer = await steward.call(name, call);
    expect(answer.text).not.toBe('');
    expect(answer.error).toBeUndefined();
  });

  it('has an example of each resource below', () => {
    const examples = SAME_ANSWERS.map(([uri]) => uri.replace(/\?.*/, '').replace(/\d+/, '{}'));
    const all = [...RESOURCES, ...TEMPLATES].map(([, uri]) =>
      uri?.replace(/\{\?.*/, '').replace(/\{\w+\}/, '{}'),
    );
    expect(new Set(examples)).toEqual(new Set(all));
  });

  it.each(SAME_ANSWERS)('answers at %s what %s answers', async (uri, tool, args) => {
    const { contents } = await steward.client.readResource({ uri });
    const { data } = await steward.call(tool, args);
    expect(contents).toEqual([{ uri, mimeType: 'application/json', text: expect.any(String) }]);
    const read = JSON.parse((contents[0] as { text: string }).text) as typeof data;
    expect(withoutCursor(read)).toEqual(withoutCursor(data));
    expect(await pageAfter(tool, args, read)).toEqual(await pageAfter(tool, args, data));
  });
});
