import { z } from 'zod';
import { StewardError } from '../errors.js';
import type { Resource } from '../capabilities/define.js';

const LONGEST_URI = 2000;

export interface Address {
  resource: Resource;
  /** What the URI says, typed as the tool's arguments are. */
  input: Record<string, unknown>;
}

/** The names in a template's `{braces}`, those of the path before those of the query. */
export function templateVariables(uriTemplate: string): string[] {
  return [...uriTemplate.matchAll(/\{\??([^}]*)\}/g)].flatMap((match) => (match[1] ?? '').split(','));
}

/**
 * Finds the resource of a URI. Query variables may come in any number and order, percent-encoded as RFC 6570 expands
 * them (section 3.2.8).
 * @throws StewardError NOT_FOUND where no template fits, VALIDATION for a variable that is unknown or given twice
 */
export function findResource(resources: Resource[], uri: string): Address {
  if (uri.length > LONGEST_URI)
    throw new StewardError('VALIDATION', `URIs of more than ${LONGEST_URI} characters are not read.`);
  const [path = '', ...queries] = uri.split('?');
  for (const resource of resources) {
    const input = matchPath(resource.uriTemplate, path);
    if (input)
      return { resource, input: typed(resource, { ...input, ...readQuery(resource, queries.join('?')) }) };
  }
  const known = resources.map((resource) => resource.uriTemplate).join(', ');
  throw new StewardError('NOT_FOUND', `There is no resource at this URI. Resources: ${known}.`);
}

function matchPath(uriTemplate: string, path: string): Record<string, string> | undefined {
  const wanted = uriTemplate.replace(/\{\?.*$/, '').split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const variables: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    const name = /^\{(.*)\}$/.exec(segment)?.[1];
    if (name === undefined ? segment !== value : value === '') return undefined;
    if (name !== undefined) variables[name] = decode(value);
  }
  return variables;
}

function readQuery({ uriTemplate }: Resource, query: string): Record<string, string> {
  const allowed = /\{\?(.*)\}$/.exec(uriTemplate)?.[1]?.split(',') ?? [];
  const variables: Record<string, string> = {};
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=').map(decode);
    if (!allowed.includes(name)) {
      const hint = allowed.length > 0 ? `It takes ${allowed.join(', ')}.` : 'It takes none.';
      throw new StewardError(
        'VALIDATION',
        `unknown query variable ${JSON.stringify(name.slice(0, 50))}. ${hint}`,
      );
    }
    if (name in variables) throw new StewardError('VALIDATION', `${name}: is given twice.`);
    variables[name] = value.join('=');
  }
  return variables;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StewardError('VALIDATION', 'The URI is not percent-encoded properly.');
  }
}

/** A URI holds text only: what the tool wants as a number or a boolean is made one, if it reads as one. */
function typed({ tool }: Resource, variables: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, text]) => [
      name,
      asTypeOf(tool.input.shape[name] as z.ZodType, text),
    ]),
  );
}

function asTypeOf(schema: z.ZodType | undefined, text: string): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return asTypeOf(schema.unwrap() as z.ZodType, text);
  if (schema instanceof z.ZodNumber && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (schema instanceof z.ZodBoolean && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}
