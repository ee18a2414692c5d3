import { databaseCode, INSUFFICIENT_PRIVILEGE, POLICIES_HIDE_ROWS } from '../../database/errors.js';
import type { Condition } from '../filter/condition.js';
import type { Schema } from '../model/schema.js';
import { readOrder } from '../plan/order.js';
import { writeFind } from '../sql/find.js';
import type { Exposure } from '../view/exposure.js';
import { makeView, type ViewColumn, type ViewField, type ViewModel } from '../view/view.js';
import { catalogueName, readCatalogue, type CatalogueTable, type Read } from './catalogue.js';
import { inspectHidden, type Reach } from './hidden.js';
import { describeColumnDifference } from './types.js';

/** A way in which a database is not as its schema says, or not as its reader would like it. */
export interface Difference {
  /** `problem`: calls end in an error. */
  level: 'warning' | 'problem';
  text: string;
  remedy?: string;
}

export interface Inspection {
  models: number;
  fields: number;
  differences: Difference[];
  /** The models whose rows this role may change. */
  writable: string[];
  /** What is hidden and this role may read all the same. */
  readable: string[];
}

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_SCHEMA = '3F000';
const UNDEFINED_COLUMN = '42703';

const UNCOMPARED = 'its types, rights, policies and indexes are not compared';
const NOTHING_REACHED: Reach = { readable: [], copies: [] };

const FOLLOW =
  'bring the database up to date with the migrations of its application, or schema.prisma with the database: npx prisma db pull';

const ALLOW_POLICIES =
  'if Steward is to see what the policies let its role see, say "policies": "by-role" of this database in the configuration; if it is to see all, connect as a role with BYPASSRLS';

/** Compares a schema with its database, by reading no row: each exposed model, field and relation once. */
export async function inspectDatabase(
  { schema, exposure }: { schema: Schema; exposure: Exposure },
  read: Read,
): Promise<Inspection> {
  const scopes = new Set([...exposure.models.values()].map(({ scope }) => scope));
  const models = [...makeView(exposure, scopes).values()];
  const differences: Difference[] = [];
  const inCatalogue = async <Result>(found: Promise<Result>, nothing: Result): Promise<Result> => {
    try {
      return await found;
    } catch (error) {
      const code = databaseCode(error);
      if (code === undefined) throw error;
      differences.push({
        level: 'warning',
        text: `the database's catalogue cannot be read (${code}): ${UNCOMPARED}`,
      });
      return nothing;
    }
  };
  const tables = await inCatalogue(readCatalogue(models, read), []);
  const ofTenants = new Set(exposure.tenantModels.map(({ model }) => model.name));
  for (const [at, model] of models.entries()) {
    const found = await tryModel(model, read);
    const table = tables[at];
    differences.push(...found);
    if (!table || found.length > 0) continue;
    // The policies of tenants are looked into apart.
    const policies = ofTenants.has(model.name) ? [] : describePolicies(model, table);
    differences.push(...compareTypes(model, table), ...policies, ...describeOrder(model, table));
  }
  const { readable, copies } = await inCatalogue(inspectHidden(schema, exposure, read), NOTHING_REACHED);
  differences.push(
    ...copies.map((text): Difference => ({
      level: 'warning',
      text,
      remedy: 'hide it, too, if it shows that',
    })),
  );
  return {
    models: models.length,
    fields: models.reduce((sum, { fields }) => sum + fields.size, 0),
    differences,
    writable: models.filter((_, at) => tables[at]?.writable).map(({ name }) => name),
    readable,
  };
}

/** Selects all fields of a model together; where that fails, each alone, which tells those at fault. */
async function tryModel(model: ViewModel, read: Read): Promise<Difference[]> {
  const fields = [...model.fields.values()];
  const columns = fields.filter((field): field is ViewColumn => field.kind === 'column');
  const all = await tryRead(model, columns, undefined, read);
  if (all === UNDEFINED_TABLE || all === UNDEFINED_SCHEMA)
    return [
      { level: 'problem', text: `${model.name}: there is no table ${String(model.table)}`, remedy: FOLLOW },
    ];
  if (all === POLICIES_HIDE_ROWS)
    return [
      {
        level: 'problem',
        text: `${model.name}: row level security hides rows of ${String(model.table)} from this role, so its calls are refused`,
        remedy: ALLOW_POLICIES,
      },
    ];
  const failed = new Map<ViewField, string>();
  if (all !== undefined)
    for (const column of columns) {
      const code = await tryRead(model, [column], undefined, read);
      if (code !== undefined) failed.set(column, code);
    }
  if (columns.length > 0 && columns.every((column) => failed.get(column) === INSUFFICIENT_PRIVILEGE)) {
    const remedy = `GRANT SELECT ON ${String(model.table)} TO the role that Steward connects as`;
    return [{ level: 'problem', text: `${model.name}: no right to read ${String(model.table)}`, remedy }];
  }
  const readable = columns.find((column) => !failed.has(column));
  for (const relation of fields) {
    if (relation.kind === 'column' || !readable) continue;
    const condition: Condition = relation.isList
      ? { kind: 'related', relations: [relation], quantifier: 'some', term: undefined }
      : { kind: 'missing', relations: [relation] };
    const code = await tryRead(model, [readable], condition, read);
    if (code !== undefined) failed.set(relation, code);
  }
  return [...failed].map(([field, code]) => toProblem(model, field, code));
}

/** @returns PostgreSQL's code of the failure, or undefined */
async function tryRead(
  model: ViewModel,
  columns: readonly ViewColumn[],
  condition: Condition | undefined,
  read: Read,
): Promise<string | undefined> {
  const plan = {
    model,
    columns: columns.map((column) => ({ relations: [], column })),
    includes: [],
    condition,
    order: [],
    position: undefined,
    // One row more is read, so none.
    limit: -1,
    longestText: 1,
    mostBytes: 1,
  };
  try {
    await read(writeFind(plan, { zone: 'UTC', now: new Date().toISOString() }));
    return undefined;
  } catch (error) {
    const code = databaseCode(error);
    // Without a code it is the connection that failed.
    if (code === undefined) throw error;
    return code;
  }
}

function toProblem({ name, table }: ViewModel, field: ViewField, code: string): Difference {
  const at = `${name}.${field.name}`;
  if (code === POLICIES_HIDE_ROWS)
    return {
      level: 'problem',
      text: `${at}: row level security hides rows that it leads to`,
      remedy: ALLOW_POLICIES,
    };
  if (field.kind === 'relation')
    return {
      level: 'problem',
      text: `${at}: the columns or the table that lead to ${field.target().name} are not there, or cannot be read (${code})`,
      remedy: FOLLOW,
    };
  const column = catalogueName(field);
  if (code === INSUFFICIENT_PRIVILEGE)
    return {
      level: 'problem',
      text: `${at}: no right to read the column ${column}`,
      remedy: `GRANT SELECT (${column}) ON ${String(table)} TO the role that Steward connects as, or hide the field`,
    };
  if (code === UNDEFINED_COLUMN)
    return { level: 'problem', text: `${at}: there is no column ${column}`, remedy: FOLLOW };
  return { level: 'problem', text: `${at}: the column ${column} cannot be read (${code})`, remedy: FOLLOW };
}

function compareTypes(model: ViewModel, table: CatalogueTable): Difference[] {
  return [...model.fields.values()].flatMap((field): Difference[] => {
    const found = field.kind === 'column' ? table.columns.get(catalogueName(field)) : undefined;
    const text = found && describeColumnDifference(field as ViewColumn, found);
    return text === undefined
      ? []
      : [{ level: 'warning', text: `${model.name}.${field.name}: ${text}`, remedy: FOLLOW }];
  });
}

function describePolicies({ name }: ViewModel, { policies }: CatalogueTable): Difference[] {
  if (policies === 'none') return [];
  if (policies === 'hold')
    return [
      {
        level: 'warning',
        text: `${name}: row policies hold; answers and counts have the rows that they let this role see`,
      },
    ];
  const remedy = 'connect as a role that is no superuser, does not own the table, and has no BYPASSRLS';
  return [{ level: 'warning', text: `${name}: row policies are on, and this role bypasses them`, remedy }];
}

/** Pages follow the model's first key where a question names no order. */
function describeOrder(model: ViewModel, { isView, indexes }: CatalogueTable): Difference[] {
  const { keys, isTotal } = readOrder(model, undefined);
  if (!isTotal)
    return [
      { level: 'warning', text: `${model.name}: no visible key, so it has no pages and no get_record` },
    ];
  const columns = keys.map(({ reference }) => catalogueName(reference.column));
  if (isView || indexes.some((index) => columns.every((column, at) => index[at] === column))) return [];
  const remedy = `CREATE UNIQUE INDEX ON ${String(model.table)} (${columns.join(', ')})`;
  return [
    {
      level: 'warning',
      text: `${model.name}: no index has the order of its pages, ${columns.join(', ')}`,
      remedy,
    },
  ];
}
