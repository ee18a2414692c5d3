import type { Context } from '../../capability/define.js';
import { StewardError } from '../../errors.js';
import { asList } from '../arguments.js';
import { fillTable, type RecordTable } from '../answer/rows.js';
import { readKey } from '../plan/key.js';
import { allFields, readFields, readIncludes } from '../plan/select.js';
import type { Services } from '../services.js';
import { writeFind } from '../sql/find.js';

export interface GetInput {
  model: string;
  key: unknown;
  fields?: unknown;
  include?: unknown;
}

/**
 * Reads one record, its long values in full as far as an answer holds them.
 * @throws StewardError NOT_FOUND; VALIDATION
 */
export async function get(
  services: Services,
  input: GetInput,
  context: Context,
): Promise<{ notes: string[]; record: RecordTable }> {
  const { label, model, source } = services.records.model(input.model, context.scopes);
  const condition = readKey(model, input.key);
  const asked = asList(input.fields, 'fields');
  const fields = asked === undefined ? allFields(model) : readFields(model, asked);
  const includes = readIncludes(model, asList(input.include, 'include'));
  // A character may take several bytes, and every value may be long.
  const longestText = Math.floor(
    services.largestAnswerBytes / 4 / Math.max(1, fields.length + includes.length),
  );
  const plan = {
    model,
    columns: fields.map(({ reference }) => reference),
    includes,
    condition,
    order: [],
    position: undefined,
    limit: 1,
    longestText,
  };
  const rows = await source.read(
    writeFind(plan, { zone: source.zone, now: new Date().toISOString() }),
    context.signal,
  );
  if (rows.length === 0)
    throw new StewardError(
      'NOT_FOUND',
      `There is no ${label} with this key. find_records looks by other fields.`,
    );
  const { table, notes } = fillTable(fields, includes, rows, longestText);
  const [values = []] = table.rows;
  return {
    notes: notes.map((note) =>
      note.replace(' get_record has the rest.', ' Name it alone in fields for more of it.'),
    ),
    record: {
      columns: ['field', 'value'],
      rows: table.columns.map((name, at) => [name, values[at] ?? null]),
    },
  };
}
