import { ErrorCode, type ReadResourceResult } from '@modelcontextprotocol/sdk/types.js';
import { countRows } from '../capability/answer/table.js';
import type { Context, LinkedFile, Resource } from '../capability/define.js';
import { parseInput } from '../capability/parse-input.js';
import { StewardError } from '../errors.js';
import { showUnseenIn } from '../visible-text.js';
import { permits } from '../guard/authorise.js';
import { LONGEST_URI, matchAddress, pathOf, readVariables } from './addresses.js';
import { answerPage } from './answer-page.js';
import { toResourceContents } from './content.js';
import { ProtocolError } from './errors.js';
import { RESOURCE_TYPE } from './listings.js';
import { run, type Method, type Reach } from './method.js';

/** Of an answer around the text of a file. */
const ENVELOPE_BYTES = 8 * 1024;

/** resources/read (specification 2025-11-25, server/resources). */
export function readResource(reach: Reach): Method {
  const { tools, resources, files } = reach.catalogue;
  const page = answerPage(tools);
  const addressed = [...resources, ...files, ...(page ? [page] : [])];
  return (params, request) => {
    const uri = typeof params['uri'] === 'string' ? params['uri'] : '';
    const match = matchAddress(addressed, uri);
    // The log gets the template, and the variables as arguments: a domain knows which of them may be logged.
    const name = match ? match.resource.uriTemplate.replace(/\{\?.*/, '') : pathOf(uri);
    const largestBytes =
      match && 'read' in match.resource ? match.resource.largestBytes + ENVELOPE_BYTES : undefined;
    const wanted = {
      kind: 'resource',
      name,
      found: match?.resource,
      args: match?.variables,
      params,
      largestBytes,
    } as const;
    return run(reach, request, wanted, async (context, services) => {
      if (!match) {
        const known = resources.filter(({ tool }) => permits(request.caller, tool.scope));
        throw new StewardError(
          'NOT_FOUND',
          `There is no resource at this URI. Resources: ${known.map((one) => one.uriTemplate).join(', ')}.`,
        );
      }
      const { resource } = match;
      const variables = readVariables(match);
      const { contents, rows } =
        'read' in resource
          ? await readFile(resource, uri, variables, context)
          : await readOfTool(resource, uri, variables, context, services);
      return { result: { contents }, rows };
    }).catch((error: StewardError) => {
      throw request.meta && error.code === 'NOT_FOUND' ? withUri(error, uri) : error;
    });
  };
}

type Contents = ReadResourceResult['contents'];
type Read = Promise<{ contents: Contents; rows: number }>;

async function readOfTool(
  { tool, mimeType }: Resource,
  uri: string,
  variables: Record<string, string>,
  context: Context,
  services: () => Promise<unknown>,
): Read {
  const input = parseInput(tool.input, variables);
  const answer = await tool.handle(input, context, await services());
  const rows = countRows(answer);
  if (mimeType === undefined)
    return {
      contents: [{ uri, mimeType: RESOURCE_TYPE, text: JSON.stringify(showUnseenIn(answer)) }],
      rows,
    };
  const attachments = (await tool.attachments?.(input, context)) ?? [];
  const contents = attachments.flatMap((item) =>
    item.kind !== 'link' && item.mimeType === mimeType ? [toResourceContents(uri, item)] : [],
  );
  return { contents, rows };
}

async function readFile(
  file: LinkedFile,
  uri: string,
  variables: Record<string, string>,
  context: Context,
): Read {
  const input = parseInput(file.input, variables);
  const { text, rows, meta } = await file.read(input, context);
  return { contents: [{ uri, mimeType: file.mimeType, text, ...(meta && { _meta: meta }) }], rows };
}

/** The modern era tells programs which resource there is not (specification 2026-07-28, server/resources: error handling). */
function withUri({ code, message }: StewardError, uri: string): ProtocolError {
  return new ProtocolError(ErrorCode.InvalidParams, message, { uri: uri.slice(0, LONGEST_URI) }, code);
}
