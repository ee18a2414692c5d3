import type { Result } from '@modelcontextprotocol/sdk/types.js';
import type { Prompt, Resource, Tool } from '../capability/define.js';
import type { Catalogue } from '../directory/catalogue.js';
import type { Scope } from '../scopes.js';
import { permits } from '../guard/authorise.js';
import type { Caller } from '../guard/call.js';
import { toJsonSchema } from './json-schema.js';
import { templateVariables } from './resource-address.js';

export const RESOURCE_TYPE = 'application/json';

interface Listed {
  scope: Scope;
  description: object;
}

/** The methods that say what there is for a caller. They touch neither the database nor anybody's data. */
export function createListings(catalogue: Catalogue): Record<string, (caller: Caller) => Result> {
  const fixed = catalogue.resources.filter((resource) => !isTemplate(resource));
  const templates = catalogue.resources.filter(isTemplate);
  return {
    'tools/list': listing('tools', catalogue.tools, describeTool),
    'resources/list': listing('resources', fixed.map(scoped), ({ resource }) => ({
      ...describeResource(resource),
      uri: resource.uriTemplate,
    })),
    'resources/templates/list': listing('resourceTemplates', templates.map(scoped), ({ resource }) => ({
      ...describeResource(resource),
      uriTemplate: resource.uriTemplate,
    })),
    'prompts/list': listing('prompts', catalogue.prompts, describePrompt),
  };
}

/** Items are described once; a caller gets those it may use. */
function listing<Item extends { scope: Scope }>(
  key: string,
  items: Item[],
  describe: (item: Item) => object,
): (caller: Caller) => Result {
  const listed: Listed[] = items.map((item) => ({ scope: item.scope, description: describe(item) }));
  return (caller) => ({
    [key]: listed.filter(({ scope }) => permits(caller, scope)).map(({ description }) => description),
  });
}

const isTemplate = ({ uriTemplate }: Resource) => templateVariables(uriTemplate).length > 0;

const scoped = (resource: Resource) => ({ scope: resource.tool.scope, resource });

function describeTool({ name, title, description, effect, input, output }: Tool) {
  return {
    name,
    title,
    description,
    inputSchema: toJsonSchema(input, 'input'),
    outputSchema: toJsonSchema(output, 'output'),
    annotations: { title, ...effect },
  };
}

function describeResource({ name, title, description, mimeType = RESOURCE_TYPE }: Resource) {
  return { name, title, description, mimeType };
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
