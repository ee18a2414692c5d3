import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { countRows } from '../capability/answer/table.js';
import { parseInput } from '../capability/parse-input.js';
import { StewardError } from '../errors.js';
import { showUnseenIn } from '../visible-text.js';
import { permits } from '../guard/authorise.js';
import { LONGEST_URI, matchAddress, pathOf, readVariables } from './addresses.js';
import { toResourceContents } from './content.js';
import { ProtocolError } from './errors.js';
import { RESOURCE_TYPE } from './listings.js';
import { run, type Method, type Reach } from './method.js';

/** resources/read (specification 2025-11-25, server/resources). */
export function readResource(reach: Reach): Method {
  const { resources } = reach.catalogue;
  return (params, request) => {
    const uri = typeof params['uri'] === 'string' ? params['uri'] : '';
    const match = matchAddress(resources, uri);
    // The log gets the template, and the variables as arguments: a domain knows which of them may be logged.
    const name = match ? match.resource.uriTemplate.replace(/\{\?.*/, '') : pathOf(uri);
    const wanted = {
      kind: 'resource',
      name,
      found: match?.resource,
      args: match?.variables,
      params,
    } as const;
    return run(reach, request, wanted, async (context, services) => {
      if (!match) {
        const known = resources.filter(({ tool }) => permits(request.caller, tool.scope));
        throw new StewardError(
          'NOT_FOUND',
          `There is no resource at this URI. Resources: ${known.map((one) => one.uriTemplate).join(', ')}.`,
        );
      }
      const { tool, mimeType } = match.resource;
      const input = parseInput(tool.input, readVariables(match));
      const answer = await tool.handle(input, context, await services());
      const contents =
        mimeType === undefined
          ? [{ uri, mimeType: RESOURCE_TYPE, text: JSON.stringify(showUnseenIn(answer)) }]
          : ((await tool.attachments?.(input, context)) ?? [])
              .filter((item) => item.mimeType === mimeType)
              .map((item) => toResourceContents(uri, item));
      return { result: { contents }, rows: countRows(answer) };
    }).catch((error: StewardError) => {
      throw request.meta && error.code === 'NOT_FOUND' ? withUri(error, uri) : error;
    });
  };
}

/** The modern era tells programs which resource there is not (specification 2026-07-28, server/resources: error handling). */
function withUri({ code, message }: StewardError, uri: string): ProtocolError {
  return new ProtocolError(ErrorCode.InvalidParams, message, { uri: uri.slice(0, LONGEST_URI) }, code);
}
