import type { GetPromptResult } from '@modelcontextprotocol/sdk/types.js';
import { assertFits } from '../capability/answer/bounds.js';
import { parseInput } from '../capability/parse-input.js';
import { toContent } from './content.js';
import { throwRpcError } from './errors.js';
import { describeCall, findByName, noSuch, type Method, type Reach } from './method.js';

/** prompts/get (specification 2025-11-25, server/prompts). */
export function getPrompt(reach: Reach): Method {
  const { prompts } = reach.catalogue;
  return async ({ name, arguments: args }, request): Promise<GetPromptResult> => {
    const prompt = findByName(prompts, name);
    return reach.guard
      .run(describeCall(reach, request, 'prompt', name, prompt, args), async (context) => {
        if (!prompt) throw noSuch('prompt', prompts, request.caller);
        const rendered = await prompt.render(parseInput(prompt.arguments, args), context);
        const messages: GetPromptResult['messages'] = [rendered]
          .flat()
          .map((item) => ({ role: 'user', content: toContent(item) }));
        const result = { description: prompt.description, messages };
        assertFits(result);
        return { result, rows: 1 };
      })
      .catch(throwRpcError);
  };
}
