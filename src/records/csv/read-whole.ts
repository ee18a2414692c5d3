import type { Context } from '../../capability/define.js';
import { describeCut, fillTable } from '../answer/rows.js';
import {
  describeGroups,
  planAggregate,
  readGroup,
  readGroups,
  type AggregateInput,
} from '../read/aggregate.js';
import { planFind, readRows, type FindInput } from '../read/find.js';
import { questionOf } from '../read/question-of.js';
import { resultColumn } from '../plan/aggregate.js';
import type { Services } from '../services.js';
import type { TextRow } from '../source.js';
import { LONGEST_TEXT, MOST_READ_BYTES, MOST_ROWS, refuseTooLarge } from './bounds.js';
import { isFreeText, type WholeTable } from './write-csv.js';

const BOUNDS = { limit: MOST_ROWS, longestText: LONGEST_TEXT, mostBytes: MOST_READ_BYTES };

/**
 * Reads all that a list has, from its first row, as it is at one moment.
 * @throws StewardError
 */
export async function findWhole(services: Services, input: FindInput, context: Context): Promise<WholeTable> {
  const planned = planFind(services.records, input, context.scopes);
  const { named, fields, includes } = planned;
  const bounds = { ...BOUNDS, position: undefined };
  const read = await readRows(planned, questionOf(named, input), bounds, context);
  assertWhole(read, MOST_ROWS);
  const filled = fillTable(fields, includes, read, LONGEST_TEXT);
  const areFreeText = [
    ...fields.map(({ reference }) => isFreeText(reference.column)),
    ...includes.map(() => true),
  ];
  return {
    columns: filled.table.columns.map((name, at) => ({ name, isFreeText: areFreeText[at] ?? true })),
    rows: filled.table.rows,
    notes: [...filled.notes, ...describeCut(filled, '')],
  };
}

/**
 * Reads all groups, as they are at one moment.
 * @param limit of the question itself; groups beyond it are no part of its answer
 * @throws StewardError
 */
export async function aggregateWhole(
  services: Services,
  input: AggregateInput,
  context: Context,
  limit?: number,
): Promise<WholeTable> {
  const planned = planAggregate(services.records, input, context.scopes);
  const { named, keys, metrics } = planned;
  const question = questionOf(named, input);
  const bounds = { ...BOUNDS, ...(limit !== undefined && { limit }) };
  const read = await readGroups(planned, question, bounds, context);
  assertWhole(read, limit === undefined ? MOST_ROWS : Infinity);
  return {
    columns: [
      ...keys.map(({ name, reference, bucket }) => ({
        name,
        isFreeText: bucket === undefined && isFreeText(reference.column),
      })),
      ...metrics.map((metric) => ({ name: metric.name, isFreeText: isFreeText(resultColumn(metric)) })),
    ],
    rows: read.slice(0, limit).map((row) => readGroup(row, planned, LONGEST_TEXT)),
    notes: describeGroups(read, planned, question, LONGEST_TEXT),
  };
}

/** @throws StewardError VALIDATION where rows were left out */
function assertWhole(read: readonly TextRow[], mostRows: number): void {
  if (read.at(-1)?.['more'] === 'true' || read.length > mostRows) refuseTooLarge();
}
