import type { Context } from '../../capability/define.js';
import { StewardError } from '../../errors.js';
import { asList } from '../arguments.js';
import { describeCut, fillFittingTable, type RecordTable } from '../answer/rows.js';
import { readKey, suggestOtherKeys, type KeyPart } from '../plan/key.js';
import { allFields, readFields, readIncludes } from '../plan/select.js';
import type { Records } from '../records.js';
import type { Services } from '../services.js';
import { INCLUDED_ROWS, writeFind } from '../sql/find.js';
import type { Views } from '../views.js';

export interface GetInput {
  model: string;
  key: readonly KeyPart[];
  fields?: unknown;
  include?: unknown;
}

/** @throws StewardError VALIDATION */
export function planGet<From extends Views>(
  records: Records<From>,
  input: GetInput,
  scopes: ReadonlySet<string>,
) {
  const named = records.model(input.model, scopes);
  const { model } = named;
  const condition = readKey(model, input.key);
  const asked = asList(input.fields, 'fields');
  const fields = asked === undefined ? allFields(model) : readFields(model, asked);
  const includes = readIncludes(model, asList(input.include, 'include'));
  return { named, condition, fields, includes };
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
  const { named, condition, fields, includes } = planGet(services.records, input, context.scopes);
  const { label, model, source } = named;
  const cells = includes.reduce(
    (sum, include) => sum + include.columns.length * (INCLUDED_ROWS + 1),
    fields.length,
  );
  // Text and data say the same, so each takes half. Every value may be long.
  const longestText = Math.floor(services.largestAnswerBytes / 2 / Math.max(1, cells));
  const plan = {
    model,
    columns: fields.map(({ reference }) => reference),
    includes,
    condition,
    order: [],
    position: undefined,
    limit: 1,
    longestText,
    mostBytes: services.largestAnswerBytes,
  };
  const rows = await source.read(
    writeFind(plan, { zone: source.zone, now: new Date().toISOString() }),
    context,
  );
  if (rows.length === 0)
    throw new StewardError(
      'NOT_FOUND',
      `There is no ${label} with this key.${suggestOtherKeys(model, input.key)} find_records looks by other fields.`,
    );
  const filled = fillFittingTable(fields, includes, rows, longestText, services.largestAnswerBytes);
  const { table, notes } = filled;
  const [values = []] = table.rows;
  return {
    notes: [
      ...notes,
      ...describeCut(
        filled,
        table.columns.length === 1 ? 'An answer holds no more.' : 'Name it alone in fields for more of it.',
      ),
    ],
    record: {
      columns: ['field', 'value'],
      rows: table.columns.map((name, at) => [name, values[at] ?? null]),
    },
  };
}
