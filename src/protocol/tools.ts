import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { countRows } from '../capability/answer/table.js';
import { renderText } from '../capability/answer/text.js';
import { InvalidState } from '../capability/input-required.js';
import { parseInput } from '../capability/parse-input.js';
import type { StewardError } from '../errors.js';
import { showUnseenIn } from '../visible-text.js';
import { SHOWN_META, showsPages } from './apps.js';
import { toContent } from './content.js';
import { ERROR_META, errorData, ProtocolError } from './errors.js';
import { noSuch, run, type Method, type Reach } from './method.js';

/** tools/call (specification 2025-11-25, server/tools). */
export function callTool(reach: Reach): Method {
  const { tools } = reach.catalogue;
  return (params, request) => {
    const { name, arguments: args } = params;
    const tool = tools.find((one) => one.name === name);
    const wanted = { kind: 'tool', name, found: tool, args, params } as const;
    return run(reach, request, wanted, async (context, services) => {
      if (!tool) throw noSuch('tool', tools, request.caller);
      const input = parseInput(tool.input, args);
      const answer = await tool.handle(input, context, await services());
      const attachments = (await tool.attachments?.(input, context)) ?? [];
      const content = [renderText(tool.output, answer), ...attachments].map(toContent);
      const shown = showsPages(request) && tool.show?.(input, context);
      const result = {
        content,
        structuredContent: showUnseenIn(answer),
        ...(shown && { _meta: { [SHOWN_META]: shown } }),
      };
      return { result, rows: countRows(answer) };
    }).catch((error: StewardError) => {
      // In the modern era, an unknown tool is an error of the protocol (specification 2026-07-28, server/tools: error handling).
      if (error instanceof ProtocolError || error instanceof InvalidState || (!tool && request.meta))
        throw error;
      return toErrorResult(error);
    });
  };
}

/** Tools report their errors within the result, where the model sees them (specification 2025-11-25, server/tools). */
function toErrorResult(error: StewardError): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${error.code}: ${error.message}` }],
    _meta: { [ERROR_META]: errorData(error) },
  };
}
