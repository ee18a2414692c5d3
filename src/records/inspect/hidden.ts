import { sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Model, Schema } from '../model/schema.js';
import type { ExposedModel, Exposure } from '../view/exposure.js';
import { tablesOf, type Read } from './catalogue.js';

/** How a database reaches what a schema hides. */
export interface Reach {
  /** Hidden fields and models that this role may read: all but the keys that join visible rows. */
  readable: string[];
  /** What copies a hidden column and is not hidden itself, one sentence each. */
  copies: string[];
}

/** A column that callers must not learn of, or, without one, a whole model. */
interface Closed {
  label: string;
  model: Model;
  column: string | undefined;
  joins: boolean;
}

/** Looks for rights on what is hidden, and for columns and views that are made of it where the schema does not say so. */
export async function inspectHidden({ models }: Schema, exposure: Exposure, read: Read): Promise<Reach> {
  const closed = models.flatMap((model) => listClosed(model, exposure));
  const exposed = [...exposure.models.values()];
  const rights = await read(writeRights(closed));
  const copies = await read(
    writeCopies(
      closed.filter(({ column }) => column !== undefined),
      exposed,
    ),
  );
  return {
    readable: closed
      .filter(({ joins }, at) => !joins && rights[at]?.['readable'] === 'true')
      .map(({ label }) => label),
    copies: copies.flatMap(({ copy, column, source }) => {
      const [to, from] = [exposed[Number(copy)], source ?? ''];
      if (!to) return [];
      if (column === null || column === undefined)
        return `${to.model.name}: this view reads ${from}, which is hidden or masked`;
      const field = to.model.fields.find((one) => one.kind === 'column' && one.column === column);
      const isOpen = field !== undefined && to.columns.get(field.name)?.masked === false;
      return isOpen
        ? `${to.model.name}.${field.name}: the database makes it from ${from}, which is hidden or masked`
        : [];
    }),
  };
}

function listClosed(model: Model, { models }: Exposure): Closed[] {
  const exposed = models.get(model.name);
  if (!exposed) return [{ label: model.name, model, column: undefined, joins: false }];
  const joining = new Set(listJoining(exposed, models));
  const fields = model.fields.flatMap((field) =>
    field.kind === 'column' && exposed.columns.get(field.name)?.masked !== false ? field : [],
  );
  return [...fields, ...model.withheld].map(({ name, column }) => ({
    label: `${model.name}.${name}`,
    model,
    column,
    joins: joining.has(column),
  }));
}

/** The columns by which visible relations join, in either direction. */
function listJoining({ model }: ExposedModel, models: ReadonlyMap<string, ExposedModel>): string[] {
  return [...models.values()].flatMap(({ model: other }) =>
    other.fields.flatMap((field) => {
      if (field.kind === 'column' || !models.has(field.target)) return [];
      const { join } = field;
      const here = join.kind === 'table' ? [join.hereKey] : join.pairs.map((pair) => pair.here);
      const there = join.kind === 'table' ? [join.thereKey] : join.pairs.map((pair) => pair.there);
      return [...(other === model ? here : []), ...(field.target === model.name ? there : [])];
    }),
  );
}

function writeRights(closed: readonly Closed[]): Sql {
  return sql`select (case when wanted.name is null then has_any_column_privilege(t.relation, 'SELECT')
      when a.attnum is not null then has_column_privilege(t.relation, a.attnum, 'SELECT') end)::text as readable
    from (${tablesOf(closed.map(({ model }) => model))}) as t
      join unnest(${closed.map(({ column }) => column ?? null)}::text[]) with ordinality as wanted(name, at) using (at)
      left join pg_attribute a on a.attrelid = t.relation and a.attname = wanted.name
    order by at`;
}

/** The number of the exposed model, its column if it is a generated one, and what that or the view is made of. */
function writeCopies(closed: readonly Closed[], exposed: readonly ExposedModel[]): Sql {
  return sql`with recursive
    hidden as (select t.relation, a.attnum as number, wanted.label
      from (${tablesOf(closed.map(({ model }) => model))}) as t
        join unnest(${closed.map(({ column }) => column ?? null)}::text[], ${closed.map(({ label }) => label)}::text[])
          with ordinality as wanted(name, label, at) using (at)
        join pg_attribute a on a.attrelid = t.relation and a.attname = wanted.name),
    shown as (${tablesOf(exposed.map(({ model }) => model))}),
    reads as (select shown.at, d.refobjid as relation, d.refobjsubid as number
        from shown join pg_rewrite r on r.ev_class = shown.relation
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
        where d.refobjsubid > 0 and d.refobjid <> r.ev_class
      union select reads.at, d.refobjid, d.refobjsubid
        from reads join pg_rewrite r on r.ev_class = reads.relation
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
        where d.refobjsubid > 0 and d.refobjid <> r.ev_class)
    select (reads.at - 1)::text as copy, null as column, hidden.label as source from reads join hidden using (relation, number)
    union select (shown.at - 1)::text, a.attname::text, hidden.label
      from shown join pg_attribute a on a.attrelid = shown.relation and a.attgenerated <> ''
        join pg_attrdef def on def.adrelid = a.attrelid and def.adnum = a.attnum
        join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid
          and ((d.classid = 'pg_attrdef'::regclass and d.objid = def.oid)
            or (d.classid = 'pg_class'::regclass and d.objid = a.attrelid and d.objsubid = a.attnum))
        join hidden on hidden.relation = d.refobjid and hidden.number = d.refobjsubid and hidden.number <> a.attnum
    order by 1, 2, 3`;
}
