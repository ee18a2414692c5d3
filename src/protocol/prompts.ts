import type { GetPromptResult } from '@modelcontextprotocol/sdk/types.js';
import { NOTICE } from '../capability/answer/notice.js';
import { parseInput } from '../capability/parse-input.js';
import { toContent } from './content.js';
import { showUnseenIn } from '../visible-text.js';
import { noSuch, run, type Method, type Reach } from './method.js';

/** prompts/get (specification 2025-11-25, server/prompts). */
export function getPrompt(reach: Reach): Method {
  const { prompts } = reach.catalogue;
  return (params, request) => {
    const { name, arguments: args } = params;
    const prompt = prompts.find((one) => one.name === name);
    const wanted = { kind: 'prompt', name, found: prompt, args, params } as const;
    return run(reach, request, wanted, async (context, services) => {
      if (!prompt) throw noSuch('prompt', prompts, request.caller);
      const values = parseInput(prompt.arguments, args);
      const rendered = [await prompt.render(values, context, await services())].flat();
      const messages: GetPromptResult['messages'] = rendered.map((item) => ({
        role: 'user',
        content: toContent(typeof item === 'string' ? `${showUnseenIn(item)}\n${NOTICE}` : item),
      }));
      return { result: { description: prompt.description, messages } };
    });
  };
}
