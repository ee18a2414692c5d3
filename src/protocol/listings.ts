import type { Catalogue } from '../capability/catalogue.js';
import type { Prompt, Resource, Tool } from '../capability/define.js';
import type { z } from 'zod';
import { OperatorError, StewardError } from '../errors.js';
import { permits } from '../guard/authorise.js';
import { showsPages, withPage } from './apps.js';
import { toJsonSchema } from './json-schema.js';
import { scopeOf, type Method } from './method.js';

export const RESOURCE_TYPE = 'application/json';

/** The methods that say what there is for a caller. They touch neither a database nor anything of a user's. */
export function createListings({ tools, resources, prompts }: Catalogue): [string, Method][] {
  const fixed = resources.filter((resource) => !isTemplate(resource));
  const templates = resources.filter(isTemplate);
  // Each is described once: that takes milliseconds of the start.
  const described = new Map(tools.map((tool) => [tool, describeTool(tool)]));
  const plain = list('tools', tools, (tool) => ({ ...described.get(tool) }));
  const inPages = list('tools', tools, (tool) => withPage(tool, { ...described.get(tool) }));
  return [
    ['tools/list', (params, request) => (showsPages(request) ? inPages : plain)(params, request)],
    ['resources/list', list('resources', fixed, describeResource('uri'))],
    ['resources/templates/list', list('resourceTemplates', templates, describeResource('uriTemplate'))],
    ['prompts/list', list('prompts', prompts, describePrompt)],
  ];
}

const isTemplate = ({ uriTemplate }: Resource) => uriTemplate.includes('{');

/** Items are described once; a caller gets those it may use. */
function list<Item extends Tool | Resource | Prompt>(
  key: string,
  items: readonly Item[],
  describe: (item: Item) => object,
): Method {
  const listed = items.map((item) => ({ scope: scopeOf(item), description: describe(item) }));
  return ({ cursor = '' }, request) => {
    if (cursor !== '')
      throw new StewardError(
        'VALIDATION',
        'cursor: was not given out here. A list is one page; leave it out.',
      );
    const permitted = listed.filter(({ scope }) => permits(request.caller, scope));
    return { [key]: permitted.map(({ description }) => description) };
  };
}

/** @throws OperatorError for a tool whose input or output is no JSON */
function describeTool({ name, title, description, effect, input, output }: Tool) {
  return {
    name,
    title,
    description,
    inputSchema: convert(name, input, 'input'),
    outputSchema: convert(name, output, 'output'),
    annotations: { title, ...effect },
  };
}

function convert(tool: string, schema: z.ZodObject, io: 'input' | 'output') {
  try {
    return toJsonSchema(schema, io);
  } catch (error) {
    const of = Object.entries(schema.shape).find(([, member]) => !isConvertible(member as z.ZodType, io));
    throw new OperatorError(
      `The tool ${tool} cannot be served: its ${io}${of ? ` has "${of[0]}", which` : ''} cannot be written as JSON Schema (${(error as Error).message}). MCP carries JSON: write a date or a large number as text, with z.string() or z.iso.datetime().`,
      { cause: error },
    );
  }
}

function isConvertible(member: z.ZodType, io: 'input' | 'output'): boolean {
  try {
    member.toJSONSchema({ io });
    return true;
  } catch {
    return false;
  }
}

function describeResource(address: 'uri' | 'uriTemplate') {
  return ({ name, title, description, mimeType = RESOURCE_TYPE, uriTemplate }: Resource) => ({
    name,
    title,
    description,
    mimeType,
    [address]: uriTemplate,
  });
}

function describePrompt({ name, title, description, arguments: schema }: Prompt) {
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input') as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return {
    name,
    title,
    description,
    arguments: Object.entries(properties).map(([argument, property]) => ({
      name: argument,
      description: property.description,
      required: required.includes(argument),
    })),
  };
}
