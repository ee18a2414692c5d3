import type { Context } from '../../capability/define.js';
import { asList } from '../arguments.js';
import { describeCut, fillFittingTable, type RecordTable } from '../answer/rows.js';
import { nameOf } from '../filter/condition.js';
import { resolveFilter } from '../filter/resolve-filter.js';
import type { Filter } from '../filter/syntax.js';
import { readOrder } from '../plan/order.js';
import { readFields, readIncludes } from '../plan/select.js';
import type { Records } from '../records.js';
import type { Services } from '../services.js';
import type { Source, TextRow } from '../source.js';
import { writeFind, type FindPlan } from '../sql/find.js';
import { LONGEST_POSITION, type Position } from '../sql/position.js';
import type { Question } from '../sql/question.js';
import type { Views } from '../views.js';
import { countRows } from './count.js';
import { groundValues } from './ground.js';
import { beginPatience } from './patience.js';
import { questionOf } from './question-of.js';
import { explainTimeout, listReferences } from './slow.js';
import { describeUndecided } from './undecided.js';

/** Characters. Rows ordered by long texts would have cursors as long. */
export const LONGEST_CURSOR = 8000;

/** In a list; get_record shows the rest. */
const LONGEST_LISTED_TEXT = 500;

export interface FindInput {
  model: string;
  filter: Filter | undefined;
  fields?: unknown;
  include?: unknown;
  order_by?: unknown;
  limit: number;
  cursor?: string | undefined;
  total: boolean;
  time_zone?: string | undefined;
}

export interface Found {
  notes: string[];
  total: number | null;
  total_is_exact: boolean;
  next_cursor: string | null;
  more: boolean;
  records: RecordTable;
}

/** The end of a page, and the moment that `now` means on all pages. */
interface CursorContent {
  position: Position;
  now: string;
}

/** @throws StewardError VALIDATION */
export function planFind<From extends Views>(
  records: Records<From>,
  input: FindInput,
  scopes: ReadonlySet<string>,
) {
  const named = records.model(input.model, scopes);
  const { model } = named;
  return {
    named,
    condition: input.filter && resolveFilter(model, input.filter, 'filter'),
    fields: readFields(model, asList(input.fields, 'fields')),
    includes: readIncludes(model, asList(input.include, 'include')),
    order: readOrder(model, asList(input.order_by, 'order_by')),
  };
}

type PlannedFind = ReturnType<typeof planFind<Source>>;

/**
 * Reads the rows as text, and one more than the limit where there are more.
 * @throws StewardError
 */
export function readRows(
  { named: { model, source }, condition, fields, includes, order: { keys: order } }: PlannedFind,
  question: Question,
  bounds: Pick<FindPlan, 'position' | 'limit' | 'longestText' | 'mostBytes'>,
  context: Context,
): Promise<TextRow[]> {
  const columns = fields.map(({ reference }) => reference);
  const plan: FindPlan = { model, columns, includes, condition, order, ...bounds };
  const used = [...listReferences(condition), ...order.map(({ reference }) => reference)];
  return explainTimeout(model, used, () => source.read(writeFind(plan, question), context));
}

/** @throws StewardError */
export async function find(services: Services, input: FindInput, context: Context): Promise<Found> {
  const planned = planFind(services.records, input, context.scopes);
  const { named, condition, fields, includes, order } = planned;
  const { model, source } = named;
  const asked = questionOf(named, input);
  // Another caller, tenant, filter, order or zone makes other pages, and so does another key of the model after a restart.
  const ordered = order.keys.map(({ reference, descending }) => [nameOf(reference), descending]);
  const scope = [
    context.author.actor,
    named.label,
    input.filter ?? null,
    ordered,
    asked.zone,
    source.settingsOf(context),
  ];
  const from = readCursor(services, input.cursor, scope);
  const question = { ...asked, now: from?.now ?? asked.now };
  const bounds = {
    position: from?.position,
    limit: input.limit,
    longestText: LONGEST_LISTED_TEXT,
    mostBytes: services.largestAnswerBytes,
  };
  const patience = beginPatience(context);
  const [read, total, undecided] = await Promise.all([
    readRows(planned, question, bounds, context),
    input.total ? countRows(named, condition, question, context) : undefined,
    from ? [] : describeUndecided(named, condition, question, patience),
  ]);
  const shown = read.slice(0, input.limit);
  const filled = fillFittingTable(fields, includes, shown, LONGEST_LISTED_TEXT, services.largestAnswerBytes);
  const { table } = filled;
  const leftOut = read.at(-1)?.['more'] === 'true';
  const isCut = filled.isCut || (leftOut && read.length < input.limit);
  const more = isCut || leftOut || read.length > input.limit;
  const last = more ? read[table.rows.length - 1] : undefined;
  const content: CursorContent | undefined =
    last && order.isTotal
      ? { position: order.keys.map((_, at) => last[`p${at}`] ?? null), now: question.now }
      : undefined;
  const cursor = content && services.cursors.encode(content, scope);
  const isTooLong =
    cursor !== undefined &&
    (cursor.length > LONGEST_CURSOR ||
      content?.position.some((key) => (key?.length ?? 0) > LONGEST_POSITION));
  const grounded = read.length === 0 && !from ? await groundValues(named, condition, question, patience) : [];
  return {
    notes: [
      ...undecided,
      ...filled.notes,
      ...describeCut(filled, model.keys.length > 0 ? 'get_record has the rest.' : ''),
      ...grounded,
      ...(isCut ? ['The rows were too large for one answer: fewer are shown than limit.'] : []),
      ...(more && !order.isTotal
        ? [`${named.label} has no visible key, so there is no next page: narrow the filter.`]
        : []),
      ...(isTooLong
        ? [
            'There is no next page, since the values of order_by are too long for a cursor: order by other fields.',
          ]
        : []),
    ],
    total: total?.count ?? null,
    total_is_exact: total?.exact ?? false,
    more,
    next_cursor: cursor === undefined || isTooLong ? null : cursor,
    records: table,
  };
}

function readCursor(
  { cursors }: Services,
  cursor: string | undefined,
  scope: unknown,
): CursorContent | undefined {
  return cursor === undefined ? undefined : (cursors.decode(cursor, scope) as CursorContent);
}
