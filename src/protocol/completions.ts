import type { CompleteResult } from '@modelcontextprotocol/sdk/types.js';
import { assertFits } from '../capability/answer/bounds.js';
import { StewardError } from '../errors.js';
import { authorise } from '../guard/authorise.js';
import { throwRpcError } from './errors.js';
import { describeCall, findByName, noSuch, type Method, type Reach } from './method.js';

/** At most 100 values may be offered at once (specification 2025-11-25, server/utilities/completion). */
const MOST_VALUES = 100;

/** completion/complete: known values of an argument that begin with what was typed, in any case; none for other arguments. */
export function completeArgument(reach: Reach): Method {
  const { prompts, resources, domainOf } = reach.catalogue;
  return async ({ ref, argument }, request): Promise<CompleteResult> => {
    const { type, name, uri } = Object(ref) as Record<string, unknown>;
    const { name: wanted, value: typed } = Object(argument) as Record<string, unknown>;
    const target =
      type === 'ref/prompt'
        ? findByName(prompts, name)
        : resources.find((resource) => resource.uriTemplate === uri);
    return reach.guard
      .run(describeCall(reach, request, 'completion', name ?? uri, target), async (context) => {
        if (!target && type === 'ref/prompt') throw noSuch('prompt', prompts, request.caller);
        if (!target) {
          throw new StewardError(
            'NOT_FOUND',
            'There is no resource template with this URI. resources/templates/list names them.',
          );
        }
        if (typeof wanted !== 'string' || typeof typed !== 'string') {
          throw new StewardError('VALIDATION', 'argument: must have a name and a value, both of them text.');
        }
        const { completions } = domainOf(target);
        const completion = Object.hasOwn(completions, wanted) ? completions[wanted] : undefined;
        if (completion) authorise(request.caller, completion.scope);
        const result = { completion: selectValues((await completion?.values(context)) ?? [], typed) };
        assertFits(result);
        return { result, rows: 1 };
      })
      .catch(throwRpcError);
  };
}

function selectValues(all: string[], typed: string): CompleteResult['completion'] {
  const matching = all.filter((value) => value.toLowerCase().startsWith(typed.toLowerCase()));
  return {
    values: matching.slice(0, MOST_VALUES),
    total: matching.length,
    hasMore: matching.length > MOST_VALUES,
  };
}
