import { z } from 'zod';
import { StewardError } from '../errors.js';
import type { Resource } from '../capability/define.js';

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

/** The resource whose template fits the path of a URI, if there is one. */
export function resourceAt(resources: Resource[], uri: string): Resource | undefined {
  return resources.find((resource) => matchPath(resource.uriTemplate, pathOf(uri)) !== undefined);
}

/**
 * Finds the resource of a URI. Query variables may come in any number and order, percent-encoded as RFC 6570 expands
 * them (section 3.2.8).
 * @throws StewardError NOT_FOUND where no template fits, VALIDATION for a variable that is unknown or given twice
 */
export function findResource(resources: Resource[], uri: string): Address {
  if (uri.length > LONGEST_URI)
    throw new StewardError('VALIDATION', `URIs of more than ${LONGEST_URI} characters are not read.`);
  const path = pathOf(uri);
  const resource = resourceAt(resources, uri);
  if (!resource) {
    const known = resources.map(({ uriTemplate }) => uriTemplate).join(', ');
    throw new StewardError('NOT_FOUND', `There is no resource at this URI. Resources: ${known}.`);
  }
  const variables = Object.entries(matchPath(resource.uriTemplate, path) ?? {});
  const decoded = Object.fromEntries(variables.map(([name, value]) => [name, decode(value)]));
  return {
    resource,
    input: typed(resource, { ...decoded, ...readQuery(resource, uri.slice(path.length + 1)) }),
  };
}

/** A URI without its query: what a log may hold, where the query may name people. */
export function pathOf(uri: string): string {
  return uri.replace(/\?.*/s, '');
}

/** The template's variables as they stand in the path, not decoded yet; undefined where it does not fit. */
function matchPath(uriTemplate: string, path: string): Record<string, string> | undefined {
  const wanted = uriTemplate.replace(/\{\?.*$/, '').split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const variables: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    const name = /^\{(.*)\}$/.exec(segment)?.[1];
    if (name === undefined ? segment !== value : value === '') return undefined;
    if (name !== undefined) variables[name] = value;
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
