import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { assertFits } from '../capability/answer/bounds.js';
import { countRows } from '../capability/answer/table.js';
import { renderText } from '../capability/answer/text.js';
import { parseInput } from '../capability/parse-input.js';
import type { StewardError } from '../errors.js';
import { toContent } from './content.js';
import { ERROR_META, errorData } from './errors.js';
import { describeCall, findByName, noSuch, type Method, type Reach } from './method.js';

/** tools/call (specification 2025-11-25, server/tools). */
export function callTool(reach: Reach): Method {
  const { tools } = reach.catalogue;
  return async ({ name, arguments: args }, request): Promise<CallToolResult> => {
    const tool = findByName(tools, name);
    return reach.guard
      .run(describeCall(reach, request, 'tool', name, tool, args), async (context) => {
        if (!tool) throw noSuch('tool', tools, request.caller);
        const input = parseInput(tool.input, args);
        const answer = await tool.handle(input, context);
        const attachments = (await tool.attachments?.(input, context)) ?? [];
        const text = renderText(tool.output, answer);
        const result: CallToolResult = {
          content: [text, ...attachments].map(toContent),
          structuredContent: answer,
        };
        assertFits(result);
        return { result, rows: countRows(answer) };
      })
      .catch(toErrorResult);
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
