import { sqltag as sql } from '@prisma/client/runtime/client';
import { writeName } from '../argument.js';
import type { Context } from '../../capability/define.js';
import { catalogueName, readCatalogue } from '../inspect/catalogue.js';
import type { NamedModel, Records } from '../records.js';
import type { Source, TextRow } from '../source.js';
import { describeKeys } from '../plan/key.js';
import { hasOrder } from '../plan/order.js';
import type { RecordTable } from '../answer/rows.js';
import type { ViewColumn, ViewField, ViewModel } from '../view/view.js';

const MODELS_A_PAGE = 100;
/** Of a page of models, all in all. */
const MOST_CHARACTERS = 3800;
const LONGEST_ABOUT = 120;
const VALUES_NAMED = 30;

export interface ModelIndex {
  total: number;
  pages: number;
  models: RecordTable;
}

/** Lists models, those that hold the words of `search` in their name, text or fields. */
export async function listModels(
  records: Records,
  search: string | undefined,
  page: number,
  context: Context,
): Promise<ModelIndex> {
  const words = (search ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const found = records.models(context.scopes).filter(({ label, model }) => {
    const text = [label, model.documentation, ...model.fields.keys()].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const shown = found.slice((page - 1) * MODELS_A_PAGE, page * MODELS_A_PAGE);
  const counts = await estimateRows(shown, context.signal);
  const rows = shown.map(({ label, model }, at) => [
    label,
    describeKeys(model).split(' or by ')[0] ?? '',
    counts[at] ?? '',
    model.documentation,
  ]);
  const taken = rows.reduce((sum, row) => sum + row.slice(0, 3).join('').length + 4, 0);
  const left = Math.max(0, Math.floor((MOST_CHARACTERS - taken) / Math.max(1, rows.length)));
  const longest = Math.min(LONGEST_ABOUT, left);
  return {
    total: found.length,
    pages: Math.ceil(found.length / MODELS_A_PAGE),
    models: {
      columns: ['model', 'key', 'rows', 'about'],
      rows: rows.map(([label = '', key = '', count = '', text = '']) => [
        label,
        key,
        count,
        shorten(text, longest),
      ]),
    },
  };
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : most < 10 ? '' : `${text.slice(0, most - 1)}…`;
}

/** About how many rows there are, by PostgreSQL's statistics; '' where it does not know, or where rows are those of tenants, or hidden by policies. */
async function estimateRows(models: readonly NamedModel[], signal: AbortSignal): Promise<string[]> {
  const bySource = new Map<Source, NamedModel[]>();
  for (const named of models) bySource.set(named.source, [...(bySource.get(named.source) ?? []), named]);
  const counts = new Map<ViewModel, string>();
  await Promise.all(
    [...bySource].map(async ([source, named]) => {
      // A materialised view may have the rows of all tenants, and so may a part of a table of theirs.
      const apart = source.ofTenants.size > 0;
      const kinds = apart ? ['r', 'p'] : ['r', 'p', 'm'];
      const tables = named.map(({ model }) =>
        source.ofTenants.has(model.name) ? null : String(model.table),
      );
      // A database that is down says nothing of its models; what there is can be listed all the same.
      const rows = await source
        .readCatalogue(
          sql`select case when c.relrowsecurity or c.reltuples < 0 then null else c.reltuples::bigint::text end as rows from unnest(${tables}::text[]) with ordinality as wanted(name, at) left join pg_class c on c.oid = to_regclass(wanted.name) and c.relkind::text = any(${kinds}::text[]) and not (${apart} and exists (select from pg_inherits where c.oid in (inhrelid, inhparent))) order by wanted.at`,
          signal,
        )
        .catch((): TextRow[] => []);
      named.forEach(({ model }, at) => counts.set(model, about(rows[at]?.['rows'] ?? null)));
    }),
  );
  return models.map(({ model }) => counts.get(model) ?? '');
}

function about(rows: string | null): string {
  const count = Number(rows ?? NaN);
  if (Number.isNaN(count)) return '';
  if (count < 1000) return String(count);
  if (count < 1e6) return `${Math.round(count / 1000)}k`;
  return `${Math.round(count / 1e5) / 10}M`;
}

export interface ModelDetail {
  about: string;
  key: string;
  indexed: string;
  example: string;
  fields: RecordTable;
}

/** Describes one model in full. */
export async function describeModel(
  { model, source }: NamedModel,
  signal: AbortSignal,
): Promise<ModelDetail> {
  const fields = [...model.fields.values()];
  const documented = fields.some(({ documentation }) => documentation !== '');
  return {
    about: model.documentation,
    key: describeKeys(model) || 'none: no cursor, no get_record',
    indexed: await describeIndexes(model, source, signal),
    example: exampleFilter(model),
    fields: {
      columns: ['field', 'type', ...(documented ? ['about'] : [])],
      rows: fields.map((field) => [
        field.name,
        describeField(field),
        ...(documented ? [field.documentation] : []),
      ]),
    },
  };
}

function describeField(field: ViewField): string {
  const optional = field.isRequired || field.isList ? '' : '?';
  if (field.kind === 'relation') return `→ ${field.target().name}${field.isList ? '[]' : optional}`;
  const type = `${describeValues(field)}${field.isList ? '[]' : optional}`;
  return [type, ...(field.masked ? ['masked'] : []), ...(field.untrusted ? ['untrusted'] : [])].join(' ');
}

function describeValues({ type, native, values }: ViewColumn): string {
  if (type === 'DateTime')
    return native === 'Date'
      ? 'Date'
      : native?.startsWith('Time') && !native.startsWith('Timestamp')
        ? 'Time'
        : 'DateTime';
  if (type !== 'Enum') return type;
  const names = (values?.values ?? []).map(({ name }) => name);
  return `${names.slice(0, VALUES_NAMED).join('|')}${names.length > VALUES_NAMED ? '|…' : ''}`;
}

/** As the database's catalogue has it; as the schema has it while the database does not answer. */
async function describeIndexes(model: ViewModel, source: Source, signal: AbortSignal): Promise<string> {
  const tables = await readCatalogue([model], (statement) => source.readCatalogue(statement, signal)).catch(
    () => undefined,
  );
  if (!tables) return describeColumnLists(model.indexes);
  const byColumn = new Map(
    [...model.fields.values()].flatMap((field) =>
      field.kind === 'column' && !field.masked ? [[catalogueName(field), field] as const] : [],
    ),
  );
  const indexes = (tables[0]?.indexes ?? []).map((names) => {
    const known = names.map((name) => byColumn.get(name));
    const end = known.findIndex((column) => column === undefined);
    return known.slice(0, end === -1 ? undefined : end) as ViewColumn[];
  });
  return describeColumnLists(indexes);
}

function describeColumnLists(lists: readonly (readonly ViewColumn[])[]): string {
  const texts = lists.filter((list) => list.length > 0).map((list) => list.map(({ name }) => name).join('+'));
  return [...new Set(texts)].join(', ');
}

/** A filter that works on this model, since an example teaches more than a grammar. */
function exampleFilter(model: ViewModel): string {
  const open = [...model.fields.values()].filter(
    (field): field is ViewColumn =>
      field.kind === 'column' && !field.masked && !field.isList && hasOrder(field),
  );
  const first = (type: ViewColumn['type']) => open.find((field) => field.type === type);
  const key = model.keys[0]?.[0];
  const parts = [
    example(first('Enum'), (column) => `= ${column.values?.values[0]?.name ?? ''}`),
    example(
      open.find(({ type, native }) => type === 'DateTime' && !['Time', 'Timetz'].includes(native ?? '')),
      () => '>= now-7d',
    ),
    example(
      open.find((field) => field.type === 'String' && field !== key),
      () => 'contains abc',
    ),
    example(first('Decimal') ?? first('Float'), () => '> 10'),
  ].filter((part) => part !== '');
  return parts.slice(0, 2).join(' and ') || (key ? `${writeName(key.name)} is not null` : '');
}

function example(column: ViewColumn | undefined, condition: (column: ViewColumn) => string): string {
  return column ? `${writeName(column.name)} ${condition(column)}` : '';
}
