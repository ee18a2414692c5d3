import { StewardError } from '../errors.js';
import { quote } from '../visible-text.js';
import type { LinkedFile, Resource } from '../capability/define.js';

/** In characters. */
export const LONGEST_URI = 2000;

/** What can be read at an address. */
export type Addressed = Resource | LinkedFile;

/** A resource, and the URI that its template fits. */
export interface Match {
  resource: Addressed;
  uri: string;
  /** The template's variables as they stand in the path, not decoded yet. */
  variables: Record<string, string>;
}

/** The resource whose template fits the path of a URI, if there is one. */
export function matchAddress(resources: readonly Addressed[], uri: string): Match | undefined {
  const path = pathOf(uri);
  for (const resource of resources) {
    const variables = matchPath(resource.uriTemplate, path);
    if (variables) return { resource, uri, variables };
  }
  return undefined;
}

/**
 * The variables of a URI, as text. Those of the query may come in any number and order,
 * percent-encoded as RFC 6570 expands them (section 3.2.8).
 * @throws StewardError VALIDATION for a variable that is unknown or given twice, and a URI that is too long
 */
export function readVariables({ resource, uri, variables }: Match): Record<string, string> {
  if (uri.length > LONGEST_URI)
    throw new StewardError('VALIDATION', `URIs of more than ${LONGEST_URI} characters are not read.`);
  const texts = readQuery(resource, uri.slice(pathOf(uri).length + 1));
  for (const [name, text] of Object.entries(variables)) texts[name] = decode(text);
  return texts;
}

/** A URI without its query: what a log may hold, where the query may name people. */
export function pathOf(uri: string): string {
  return uri.replace(/\?.*/s, '');
}

/** The template's variables as they stand in the path, not decoded yet; undefined where it does not fit. */
function matchPath(uriTemplate: string, path: string): Record<string, string> | undefined {
  const pattern = uriTemplate
    .replace(/\{\?.*$/, '')
    .replace(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const match = new RegExp(`^${pattern}$`).exec(path);
  return match ? { ...match.groups } : undefined;
}

function readQuery({ uriTemplate }: Addressed, query: string): Record<string, string> {
  const allowed = /\{\?(.*)\}$/.exec(uriTemplate)?.[1]?.split(',') ?? [];
  const variables: Record<string, string> = {};
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=').map(decode);
    if (!allowed.includes(name)) {
      const hint = allowed.length > 0 ? `It takes ${allowed.join(', ')}.` : 'It takes none.';
      throw new StewardError('VALIDATION', `unknown query variable ${quote(name)}. ${hint}`);
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
