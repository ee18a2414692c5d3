import { z } from 'zod';
import { defineTool, EFFECTS } from '../../capability/define.js';
import { StewardError } from '../../errors.js';
import type { Services } from '../services.js';
import { FIND_INPUT } from '../tools/find-records.js';
import { ANSWERING, type Asked } from './kinds.js';
import { parameterInput, toLiteral } from './parameters.js';
import { fillIn, OF_LISTS, type SavedQuestion } from './prepare.js';
import { withoutToolNames } from './tool-names.js';

/** @param alone true where the tools that answers may name are not served */
export const savedQuestion = (services: Services, question: SavedQuestion, alone: boolean) => {
  const { name, title, description, kind, asked, parameters, scopes } = question;
  const { output, answer } = ANSWERING[kind];
  const own = Object.fromEntries(parameters.map((one) => [one.name, parameterInput(one)]));
  const { limit, cursor } = FIND_INPUT.shape;
  const page = { limit: limit.unwrap().default(Number(asked['limit'])), cursor };
  return defineTool({
    name,
    title,
    description,
    scope: { all: scopes },
    effect: EFFECTS.reads,
    input: z.strictObject(kind === 'find' ? { ...own, ...page } : own),
    output,
    async handle(input, context) {
      const given = input as Record<string, unknown>;
      const literals = new Map(parameters.map((one) => [one.name, toLiteral(one, given[one.name])]));
      const filled: Asked = {
        ...fillIn(asked, (parameter, literal) => literals.get(parameter) ?? literal),
        ...(kind === 'find' && { limit: given['limit'], cursor: given['cursor'] }),
      };
      if (!alone) return { ...(await answer(services, filled, context)) };
      return withoutTools(() => answer(services, filled, context));
    },
  });
};

async function withoutTools(work: () => Promise<object>): Promise<Record<string, unknown>> {
  try {
    const answered = await work();
    const { notes = [] } = answered as { notes?: string[] };
    return { ...answered, notes: notes.map(withoutToolNames) };
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    throw new StewardError(error.code, withoutToolNames(error.message), error.options);
  }
}

/** The arguments of a call that may be logged: the size of a page, and no value. */
export function redactQuestion({ parameters }: SavedQuestion, args: unknown): Record<string, unknown> {
  const known = [...parameters.map(({ name }) => name), ...OF_LISTS];
  return Object.fromEntries(
    Object.entries(Object(args) as object)
      .filter(([name]) => known.includes(name))
      .map(([name, value]) => [name, name === 'limit' && typeof value === 'number' ? value : '[redacted]']),
  );
}
