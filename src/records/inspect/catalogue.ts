import { sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { TextRow } from '../source.js';
import type { Model } from '../model/schema.js';
import type { ViewColumn, ViewModel } from '../view/view.js';

/** Runs a statement that reads. */
export type Read = (statement: Sql) => Promise<TextRow[]>;

/** A table as the database's catalogue has it. */
export interface CatalogueTable {
  isView: boolean;
  /** Row policies are switched on for the table, and hold for this role. */
  policies: 'none' | 'hold' | 'bypassed';
  /** This role may change its rows. */
  writable: boolean;
  columns: ReadonlyMap<string, CatalogueColumn>;
  /** Valid indexes of all rows: their columns, in order. */
  indexes: readonly (readonly string[])[];
}

export interface CatalogueColumn {
  /** Of an element, where it is a list; of the base, where it is a domain. */
  type: string;
  isList: boolean;
  /** No row has null there. Of a view that is not known, and taken for true. */
  isRequired: boolean;
  /** The values of an enum, in the database's order. */
  labels: readonly string[];
}

/** Reads what the catalogue has of the models' tables; undefined for a table that is not there. */
export async function readCatalogue(
  models: readonly ViewModel[],
  read: Read,
): Promise<(CatalogueTable | undefined)[]> {
  const rows = await read(writeCatalogue(models.map(({ table }) => String(table))));
  return rows.map((row) => (row['kind'] === null ? undefined : toTable(row)));
}

/** Columns are named as a statement writes them. */
export function catalogueName({ column }: ViewColumn): string {
  return String(column);
}

/** The tables of models; one that is not there is null. */
export function tablesOf(models: readonly Model[]): Sql {
  const schemas = models.map(({ table }) => table.schema ?? null);
  const names = models.map(({ table }) => table.name);
  return sql`select at, to_regclass(coalesce(quote_ident(schema) || '.', '') || quote_ident(name)) as relation
    from unnest(${schemas}::text[], ${names}::text[]) with ordinality as named(schema, name, at)`;
}

function writeCatalogue(tables: readonly string[]): Sql {
  return sql`
    select c.relkind::text as kind, c.relrowsecurity::text as policies, row_security_active(c.oid)::text as held,
      (has_table_privilege(c.oid, 'DELETE, TRUNCATE') or has_any_column_privilege(c.oid, 'INSERT, UPDATE'))::text as writable,
      (select json_agg(json_build_array(${quoted}, type.typname, element.oid is not null,
          a.attnotnull or own.typnotnull or c.relkind in ('v', 'm'),
          array(select enumlabel from pg_enum where enumtypid = type.oid order by enumsortorder)))
        from pg_attribute a join pg_type own on own.oid = a.atttypid
          left join pg_type element on element.oid = own.typelem and own.typcategory = 'A'
          join pg_type named on named.oid = coalesce(element.oid, own.oid)
          join pg_type type on type.oid = case when named.typtype = 'd' then named.typbasetype else named.oid end
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)::text as columns,
      (select json_agg(array(select ${quoted} from unnest(i.indkey::int[]) with ordinality as key(number, at)
            left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.number order by key.at)
          order by i.indexrelid)
        from pg_index i where i.indrelid = c.oid and i.indisvalid and i.indpred is null)::text as indexes
    from unnest(${tables}::text[]) with ordinality as wanted(name, at) left join pg_class c on c.oid = to_regclass(wanted.name)
    order by wanted.at`;
}

const quoted = sql`'"' || replace(a.attname, '"', '""') || '"'`;

function toTable(row: TextRow): CatalogueTable {
  const columns = JSON.parse(row['columns'] ?? '[]') as [string, string, boolean, boolean, string[]][];
  return {
    isView: row['kind'] === 'v',
    policies: row['policies'] === 'false' ? 'none' : row['held'] === 'true' ? 'hold' : 'bypassed',
    writable: row['writable'] === 'true',
    columns: new Map(
      columns.map(([name, type, isList, isRequired, labels]) => [name, { type, isList, isRequired, labels }]),
    ),
    indexes: JSON.parse(row['indexes'] ?? '[]') as string[][],
  };
}
