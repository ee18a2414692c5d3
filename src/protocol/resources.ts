import type { ReadResourceResult } from '@modelcontextprotocol/sdk/types.js';
import { assertFits } from '../capability/answer/bounds.js';
import { countRows } from '../capability/answer/table.js';
import { parseInput } from '../capability/parse-input.js';
import { StewardError } from '../errors.js';
import { permits } from '../guard/authorise.js';
import { matchAddress, pathOf, readVariables } from './addresses.js';
import { toResourceContents } from './content.js';
import { RESOURCE_NOT_FOUND, toRpcError } from './errors.js';
import { RESOURCE_TYPE } from './listings.js';
import { describeCall, type Method, type Reach } from './method.js';

/** resources/read (specification 2025-11-25, server/resources). */
export function readResource(reach: Reach): Method {
  const { resources } = reach.catalogue;
  return async ({ uri }, request): Promise<ReadResourceResult> => {
    const address = typeof uri === 'string' ? uri : '';
    const match = matchAddress(resources, address);
    return reach.guard
      .run(describeCall(reach, request, 'resource', pathOf(address), match?.resource), async (context) => {
        if (!match) {
          const known = resources.filter(({ tool }) => permits(request.caller, tool.scope));
          throw new StewardError(
            'NOT_FOUND',
            `There is no resource at this URI. Resources: ${known.map((one) => one.uriTemplate).join(', ')}.`,
          );
        }
        const { tool, mimeType } = match.resource;
        const input = parseInput(tool.input, readVariables(match));
        const answer = await tool.handle(input, context);
        const contents =
          mimeType === undefined
            ? [{ uri: address, mimeType: RESOURCE_TYPE, text: JSON.stringify(answer) }]
            : ((await tool.attachments?.(input, context)) ?? [])
                .filter((item) => item.mimeType === mimeType)
                .map((item) => toResourceContents(address, item));
        assertFits({ contents });
        return { result: { contents }, rows: countRows(answer) };
      })
      .catch((error: StewardError) => {
        throw toRpcError(error, RESOURCE_NOT_FOUND);
      });
  };
}
