import type { Catalogue } from '../capability/catalogue.js';
import type { Prompt, Resource, Tool } from '../capability/define.js';
import { StewardError } from '../errors.js';
import { permits } from '../guard/authorise.js';
import { showsPages, withPage } from './apps.js';
import { toJsonSchema } from './json-schema.js';
import { scopeOf, type Method } from './method.js';

export const RESOURCE_TYPE = 'application/json';

/** The methods that say what there is for a caller. They touch neither a database nor anything of a user's. */
export function createListings({ tools, resources, prompts }: Catalogue): [string, Method][] {
  const fixed = resources.filter((resource) => !isTemplate(resource));
  const templates = resources.filter(isTemplate);
  return [
    ['tools/list', list('tools', tools, describeTool, withPage)],
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
  describeForPages = (_item: Item, description: object) => description,
): Method {
  const listed = items.map((item) => {
    const description = describe(item);
    return { scope: scopeOf(item), description, forPages: describeForPages(item, description) };
  });
  return ({ cursor = '' }, request) => {
    if (cursor !== '')
      throw new StewardError(
        'VALIDATION',
        'cursor: was not given out here. A list is one page; leave it out.',
      );
    const permitted = listed.filter(({ scope }) => permits(request.caller, scope));
    const inPages = showsPages(request);
    return { [key]: permitted.map(({ description, forPages }) => (inPages ? forPages : description)) };
  };
}

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
