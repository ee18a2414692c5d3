import { z } from 'zod';
import { defineTool, EFFECTS, type Context, type LinkedFile, type Tool } from '../../capability/define.js';
import { StewardError } from '../../errors.js';
import { csvArgument, csvOf } from '../csv/csv-of.js';
import type { Services } from '../services.js';
import { FIND_INPUT } from '../tools/find-records.js';
import { ANSWERING, type Asked } from './kinds.js';
import { parameterInput, toLiteral } from './parameters.js';
import { fillIn, type SavedQuestion } from './prepare.js';
import { withoutToolNames } from './tool-names.js';

/** @param alone true where the tools that answers may name are not served */
export function savedQuestion(
  services: Services,
  question: SavedQuestion,
  alone: boolean,
): { tool: Tool; file: LinkedFile | undefined } {
  const { name, title, description, kind, asked, parameters } = question;
  const { output, answer, readWhole, chart } = ANSWERING[kind];
  const scope = { all: question.scopes };
  const own = z.strictObject(Object.fromEntries(parameters.map((one) => [one.name, parameterInput(one)])));
  const { limit, cursor } = FIND_INPUT.shape;
  const page = { limit: limit.unwrap().default(Number(asked['limit'])), cursor };
  const fill = (given: Record<string, unknown>): Asked => {
    const literals = new Map(parameters.map((one) => [one.name, toLiteral(one, given[one.name])]));
    return fillIn(asked, (parameter, literal) => literals.get(parameter) ?? literal);
  };
  const pick = (given: object) =>
    Object.fromEntries(Object.entries(given).filter(([one]) => Object.hasOwn(own.shape, one)));
  const run = <Result>(work: () => Promise<Result>) => (alone ? withoutTools(work) : work());
  const saved =
    readWhole &&
    csvOf(services, {
      name,
      scope,
      input: own,
      read: (given, context) => run(() => readWhole(services, fill(given), context)),
    });
  const tool = defineTool({
    name,
    title,
    description,
    scope,
    effect: EFFECTS.reads,
    input: own.extend({ ...(kind === 'find' && page), ...(saved && { csv: csvArgument }) }),
    output,
    async handle(input, context) {
      const given = input as Record<string, unknown>;
      const filled: Asked = {
        ...fill(given),
        ...(kind === 'find' && { limit: given['limit'], cursor: given['cursor'] }),
      };
      const answered = await run(() => answer(services, filled, context));
      const { notes } = answered as { notes?: string[] };
      return { ...answered, ...(alone && notes && { notes: notes.map(withoutToolNames) }) };
    },
    async attachments(input, context) {
      return saved && (input as Record<string, unknown>)['csv'] === true
        ? saved.attach(pick(input), context)
        : [];
    },
    // One record or one number is told by the text.
    ...(saved && {
      show: (input: Record<string, unknown>, context: Context) => ({
        chart: chart?.(services.records, fill(input), context.scopes),
        csv: saved.link(pick(input), context),
      }),
    }),
  });
  return { tool, file: saved?.file };
}

/** @throws what the work throws, without the names of tools that are not there */
async function withoutTools<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    throw new StewardError(error.code, withoutToolNames(error.message), error.options);
  }
}

/** Arguments that say nothing of what was sought, by their types. */
const CLEAR: Partial<Record<string, string>> = { limit: 'number', csv: 'boolean' };

/** The arguments of a call that may be logged: the size of a page, whether it is saved, and no value. */
export function redactQuestion({ parameters, kind }: SavedQuestion, args: unknown): Record<string, unknown> {
  const known = [...parameters.map(({ name }) => name), ...ANSWERING[kind].ownArguments];
  return Object.fromEntries(
    Object.entries(Object(args) as object)
      .filter(([name]) => known.includes(name))
      .map(([name, value]) => [name, CLEAR[name] === typeof value ? value : '[redacted]']),
  );
}
