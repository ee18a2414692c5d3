import type { CompleteResult } from '@modelcontextprotocol/sdk/types.js';
import { NOTICE, NOTICE_META } from '../capability/answer/notice.js';
import { StewardError } from '../errors.js';
import { authorise } from '../guard/authorise.js';
import { showUnseen } from '../visible-text.js';
import { noSuch, run, type Method, type Reach } from './method.js';

/** At most 100 values may be offered at once (specification 2025-11-25, server/utilities/completion). */
const MOST_VALUES = 100;

/** completion/complete: known values of an argument that begin with what was typed, in any case; none for other arguments. */
export function completeArgument(reach: Reach): Method {
  const { prompts, resources, domainOf } = reach.catalogue;
  return ({ ref, argument, context: around }, request) => {
    const { type, name, uri } = Object(ref) as Record<string, unknown>;
    const { name: wanted, value: typed } = Object(argument) as Record<string, unknown>;
    const found =
      type === 'ref/prompt'
        ? prompts.find((prompt) => prompt.name === name)
        : type === 'ref/resource'
          ? resources.find((resource) => resource.uriTemplate === uri)
          : undefined;
    const call = { kind: 'completion', name: name ?? uri, found } as const;
    return run(reach, request, call, async (context, services) => {
      if (type !== 'ref/prompt' && type !== 'ref/resource')
        throw new StewardError('VALIDATION', 'ref: its type must be ref/prompt or ref/resource.');
      if (!found && type === 'ref/prompt') throw noSuch('prompt', prompts, request.caller);
      if (!found) {
        throw new StewardError(
          'NOT_FOUND',
          'There is no resource template with this URI. resources/templates/list names them.',
        );
      }
      if (typeof wanted !== 'string' || typeof typed !== 'string') {
        throw new StewardError('VALIDATION', 'argument: must have a name and a value, both of them text.');
      }
      const completions = domainOf(found)?.completions ?? {};
      const completion = Object.hasOwn(completions, wanted) ? completions[wanted] : undefined;
      if (completion) authorise(request.caller, completion.scope);
      const values = (await completion?.values(context, await services(), chosenIn(around))) ?? [];
      return { result: { completion: selectValues(values, typed), _meta: { [NOTICE_META]: NOTICE } } };
    });
  };
}

/** The arguments that the client says were chosen before; what is no text is passed over. */
function chosenIn(around: unknown): Record<string, string> {
  const chosen = Object.entries(Object((Object(around) as { arguments?: unknown }).arguments) as object);
  return Object.fromEntries(
    chosen.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function selectValues(all: string[], typed: string): CompleteResult['completion'] {
  const matching = all.filter((value) => value.toLowerCase().startsWith(typed.toLowerCase()));
  return {
    values: matching.slice(0, MOST_VALUES).map(showUnseen),
    total: matching.length,
    hasMore: matching.length > MOST_VALUES,
  };
}
