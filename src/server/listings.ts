import type { Result } from '@modelcontextprotocol/sdk/types.js';
import type { Prompt, Resource, Tool } from '../capabilities/define.js';
import type { Catalogue } from '../capabilities/index.js';
import { toJsonSchema } from './json-schema.js';
import { templateVariables } from './resource-address.js';

export const RESOURCE_TYPE = 'application/json';

/** The methods that say what there is. They touch neither the database nor anybody's data. */
export function listings(catalogue: Catalogue): Record<string, () => Result> {
  const fixed = catalogue.resources.filter(
    (resource) => templateVariables(resource.uriTemplate).length === 0,
  );
  const templates = catalogue.resources.filter((resource) => !fixed.includes(resource));
  const answers = {
    'tools/list': { tools: catalogue.tools.map(describeTool) },
    'resources/list': {
      resources: fixed.map((resource) => ({ ...describeResource(resource), uri: resource.uriTemplate })),
    },
    'resources/templates/list': {
      resourceTemplates: templates.map((resource) => ({
        ...describeResource(resource),
        uriTemplate: resource.uriTemplate,
      })),
    },
    'prompts/list': { prompts: catalogue.prompts.map(describePrompt) },
  };
  return Object.fromEntries(Object.entries(answers).map(([method, answer]) => [method, () => answer]));
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

function describeResource({ name, title, description }: Resource) {
  return { name, title, description, mimeType: RESOURCE_TYPE };
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
