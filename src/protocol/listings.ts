import type { Catalogue } from '../capability/catalogue.js';
import type { Prompt, RequiredScope, Resource, Tool } from '../capability/define.js';
import { permits } from '../guard/authorise.js';
import { toJsonSchema } from './json-schema.js';
import { templateVariables } from './addresses.js';
import { scopeOf, type Method } from './method.js';

export const RESOURCE_TYPE = 'application/json';

interface Listed {
  scope: RequiredScope;
  description: object;
}

/** The methods that say what there is for a caller. They touch neither a database nor anything of a user's. */
export function createListings(catalogue: Catalogue): Record<string, Method> {
  const fixed = catalogue.resources.filter((resource) => !isTemplate(resource));
  const templates = catalogue.resources.filter(isTemplate);
  return {
    'tools/list': list('tools', catalogue.tools, describeTool),
    'resources/list': list('resources', fixed, (resource) => ({
      ...describeResource(resource),
      uri: resource.uriTemplate,
    })),
    'resources/templates/list': list('resourceTemplates', templates, (resource) => ({
      ...describeResource(resource),
      uriTemplate: resource.uriTemplate,
    })),
    'prompts/list': list('prompts', catalogue.prompts, describePrompt),
  };
}

/** Items are described once; a caller gets those it may use. */
function list<Item extends Tool | Resource | Prompt>(
  key: string,
  items: readonly Item[],
  describe: (item: Item) => object,
): Method {
  const listed: Listed[] = items.map((item) => ({ scope: scopeOf(item), description: describe(item) }));
  return (_params, { caller }) => ({
    [key]: listed.filter(({ scope }) => permits(caller, scope)).map(({ description }) => description),
  });
}

const isTemplate = ({ uriTemplate }: Resource) => templateVariables(uriTemplate).length > 0;

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
