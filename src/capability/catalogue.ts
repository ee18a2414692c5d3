import {
  SCOPE,
  scopesNamed,
  type Capability,
  type LinkedFile,
  type Prompt,
  type Resource,
  type Scope,
  type Tool,
} from './define.js';
import type { Domain } from './domain.js';
import { OperatorError } from '../errors.js';

/** Everything a client can reach, of all domains, in the order it is listed. Nothing is found by looking into folders. */
export interface Catalogue {
  tools: readonly Tool[];
  resources: readonly Resource[];
  /** In no list. */
  files: readonly LinkedFile[];
  prompts: readonly Prompt[];
  /** Of all domains, each once. */
  scopes: readonly Scope[];
  instructions: string;
  /** The domain that a capability belongs to; undefined for what is the server's own. */
  domainOf(capability: Capability): Domain | undefined;
}

/**
 * Composes what domains bring into one catalogue.
 * @throws OperatorError for two capabilities of one kind and name, two resources at one address, and a capability whose
 * scope its domain does not declare
 */
export function composeCatalogue(domains: readonly Domain[]): Catalogue {
  const owners = new Map<object, Domain>();
  for (const domain of domains) {
    assertScopes(domain);
    const { tools, resources, files = [], prompts } = domain;
    for (const item of [...tools, ...resources, ...files, ...prompts]) owners.set(item, domain);
  }
  const tools = domains.flatMap((domain) => domain.tools);
  const resources = domains.flatMap((domain) => domain.resources);
  const files = domains.flatMap((domain) => domain.files ?? []);
  const prompts = domains.flatMap((domain) => domain.prompts);
  const addresses = [...resources, ...files].map(({ uriTemplate: name }) => ({ name }));
  const named = { domains, tools, resources, prompts, 'resources at': addresses };
  for (const [what, items] of Object.entries(named)) assertDistinct(what, items);
  return {
    tools,
    resources,
    files,
    prompts,
    scopes: [...new Set(domains.flatMap((domain) => domain.scopes))],
    instructions: domains.flatMap(({ instructions }) => instructions || []).join('\n\n'),
    domainOf: (capability) => owners.get(capability),
  };
}

function assertDistinct(what: string, items: readonly { name: string }[]): void {
  const names = items.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return;
  throw new OperatorError(`There are two ${what} "${twice}". Give one of them another name.`);
}

function assertScopes({ name, scopes, tools, resources, files = [], prompts, completions }: Domain): void {
  const malformed = scopes.find((scope) => !SCOPE.test(scope));
  if (malformed !== undefined)
    throw new OperatorError(
      `The domain ${name} declares "${malformed}", which is no scope such as "orders:read".`,
    );
  const needed = [
    ...tools,
    ...resources.map(({ tool }) => tool),
    ...files,
    ...prompts,
    ...Object.values(completions),
  ];
  const undeclared = needed
    .flatMap(({ scope }) => scopesNamed(scope))
    .find((scope) => !scopes.includes(scope));
  if (undeclared !== undefined)
    throw new OperatorError(
      `A capability of the domain ${name} needs the scope "${undeclared}", which the domain does not declare.`,
    );
}
