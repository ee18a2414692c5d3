import { z } from 'zod';
import { NOTES_META, NOTICE, NOTICE_META } from '../../capability/answer/notice.js';
import type { Context, Link, LinkedFile, RequiredScope } from '../../capability/define.js';
import { parseInput } from '../../capability/parse-input.js';
import { StewardError } from '../../errors.js';
import { showUnseenIn } from '../../visible-text.js';
import type { Services } from '../services.js';
import { MOST_BYTES } from './bounds.js';
import { writeCsv, type WholeTable } from './write-csv.js';

const CSV = 'text/csv';

/** Characters of an address. In MCP of 2026-07-28 it is also a header of HTTP. */
const LONGEST_ADDRESS = 2000;

/** The argument with which a tool is asked for a link. */
export const csvArgument = z
  .boolean()
  .default(false)
  .describe('Add a link to all of it as CSV, for the user to save');

interface Asked<Input extends z.ZodObject> {
  /** Of the tool. */
  name: string;
  scope: RequiredScope;
  /** The tool's arguments, without `csv`. */
  input: Input;
  read(input: z.output<Input>, context: Context): Promise<WholeTable>;
}

/**
 * A tool's answers as CSV. An address holds the question, sealed for its caller and this tool: who may see what is decided
 * when it is read, as if the tool were called then.
 */
export function csvOf<Input extends z.ZodObject>(
  { seal }: Services,
  { name, scope, input, read }: Asked<Input>,
): {
  file: LinkedFile;
  /** Undefined where the question is too long for an address. */
  link(given: z.input<Input>, context: Context): Link | undefined;
  /** @throws StewardError VALIDATION where the question is too long for an address */
  attach(given: z.input<Input>, context: Context): Link[];
} {
  const address = `records://csv/${name}/`;
  const boundTo = ({ author }: Context) => ['csv', author.actor, name];
  const link = (given: z.input<Input>, context: Context): Link | undefined => {
    const uri = `${address}${seal.seal(given, boundTo(context))}`;
    const description = 'All of it, as it is when it is read';
    return uri.length > LONGEST_ADDRESS
      ? undefined
      : { kind: 'link', uri, name: `${name}.csv`, description, mimeType: CSV };
  };
  return {
    file: {
      name: `${name}.csv`,
      uriTemplate: `${address}{question}`,
      mimeType: CSV,
      scope,
      input: z.strictObject({ question: z.string() }),
      largestBytes: MOST_BYTES,
      async read({ question }, context) {
        const asked = seal.open(String(question), boundTo(context));
        if (asked === undefined)
          throw new StewardError(
            'NOT_FOUND',
            `There is no file at this address for you: it was given out to another caller, or altered. Call ${name} with csv true for one of your own.`,
          );
        const table = await read(parseInput(input, asked), context);
        const meta = { [NOTICE_META]: NOTICE, [NOTES_META]: showUnseenIn(table.notes) };
        return { text: writeCsv(table), rows: table.rows.length, meta };
      },
    },
    link,
    attach(given, context) {
      const made = link(given, context);
      if (made) return [made];
      throw new StewardError(
        'VALIDATION',
        'csv: The question is too long for an address. Shorten its filter, or leave csv out.',
      );
    },
  };
}
