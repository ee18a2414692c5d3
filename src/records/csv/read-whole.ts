import type { Context } from '../../capability/define.js';
import { fillTable } from '../answer/rows.js';
import { listReferences, explainTimeout } from '../read/slow.js';
import { planAggregate, questionOf, readGroup, readGroups, type AggregateInput } from '../read/aggregate.js';
import { planFind, type FindInput } from '../read/find.js';
import { resultColumn } from '../plan/aggregate.js';
import type { Services } from '../services.js';
import type { TextRow } from '../source.js';
import { writeFind } from '../sql/find.js';
import { LONGEST_TEXT, MOST_READ_BYTES, MOST_ROWS, refuseTooLarge } from './bounds.js';
import { isWritten, type WholeTable } from './write-csv.js';

/**
 * Reads all that a list has, from its first row, as it is at one moment.
 * @throws StewardError
 */
export async function findWhole(services: Services, input: FindInput, context: Context): Promise<WholeTable> {
  const { named, condition, fields, includes, order } = planFind(services.records, input, context.scopes);
  const { model, source } = named;
  const question = { zone: input.time_zone ?? source.zone, now: new Date().toISOString() };
  const plan = {
    model,
    columns: fields.map(({ reference }) => reference),
    includes,
    condition,
    order: order.keys,
    position: undefined,
    limit: MOST_ROWS,
    longestText: LONGEST_TEXT,
    mostBytes: MOST_READ_BYTES,
  };
  const used = [...listReferences(condition), ...order.keys.map(({ reference }) => reference)];
  const read = await explainTimeout(model, used, () => source.read(writeFind(plan, question), context));
  assertWhole(read, MOST_ROWS);
  const { table } = fillTable(fields, includes, read, LONGEST_TEXT);
  const written = [
    ...fields.map(({ reference }) => isWritten(reference.column)),
    ...includes.map(() => true),
  ];
  return {
    columns: table.columns.map((name, at) => ({ name, isWritten: written[at] ?? true })),
    rows: table.rows,
  };
}

/**
 * Reads all groups, as they are at one moment.
 * @param mostGroups of the question itself; those beyond are no part of its answer
 * @throws StewardError
 */
export async function aggregateWhole(
  services: Services,
  input: AggregateInput,
  context: Context,
  mostGroups = Infinity,
): Promise<WholeTable> {
  const planned = planAggregate(services.records, input, context.scopes);
  const limit = Math.min(mostGroups, MOST_ROWS);
  const bounds = { limit, longestText: LONGEST_TEXT, mostBytes: MOST_READ_BYTES };
  const read = await readGroups(planned, questionOf(planned, input), bounds, context);
  assertWhole(read, mostGroups <= MOST_ROWS ? Infinity : MOST_ROWS);
  const { keys, metrics } = planned;
  return {
    columns: [
      ...keys.map(({ name, reference, bucket }) => ({
        name,
        isWritten: bucket === undefined && isWritten(reference.column),
      })),
      ...metrics.map((metric) => ({ name: metric.name, isWritten: isWritten(resultColumn(metric)) })),
    ],
    rows: read.slice(0, limit).map((row) => readGroup(row, planned, LONGEST_TEXT)),
  };
}

/** @throws StewardError VALIDATION where rows were left out */
function assertWhole(read: readonly TextRow[], mostRows: number): void {
  const there = Number(read[0]?.['seen'] ?? read.length);
  if (there > read.length || there > mostRows) refuseTooLarge();
}
