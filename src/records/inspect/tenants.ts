import { sqltag as sql } from '@prisma/client/runtime/client';
import type { Model } from '../model/schema.js';
import type { Exposure } from '../view/exposure.js';
import { tablesOf, type Read } from './catalogue.js';

/** A model that is not served, because nothing would keep the rows of tenants apart. */
export interface Withheld {
  model: Model;
  /** Continues "…, because". */
  reason: string;
  remedy: string;
}

/** What may show a tenant's rows to others, and what to do about it. */
export interface Doubt {
  text: string;
  remedy: string;
}

export interface TenantInspection {
  withheld: readonly Withheld[];
  doubts: readonly Doubt[];
}

/** A model whose rows every caller sees, and which is tied to tenants. */
interface Unowned {
  model: Model;
  /** Continues its name. */
  tie: string;
}

/** Looks whether row policies hold for this role on the tables of all tenants, and for what else reads of these. */
export async function inspectTenants(exposure: Exposure, read: Read): Promise<TenantInspection> {
  const { models, tenantModels } = exposure;
  if (tenantModels.length === 0) return { withheld: [], doubts: [] };
  const exposed = [...models.values()].map(({ model }) => model);
  const owned = tenantModels.map(({ model }) => model);
  const references = listUnowned(exposure);
  const [tables, readers, referring] = await Promise.all([
    readTables(owned, read),
    readReaders(exposed, owned, read),
    readTables(
      references.map(({ model }) => model),
      read,
    ),
  ]);
  const open = tenantModels.flatMap(({ model }, at): Withheld[] => {
    const row = tables[at];
    // What is not there, or is a view, has no rows of its own.
    if (!models.has(model.name) || row?.['kind'] == null || VIEWS.has(row['kind'])) return [];
    const why = explainOpen(row);
    return why ? [{ model, ...why }] : [];
  });
  const uncompared = tenantModels.flatMap(({ model, tenants }, at) => {
    const row = tables[at];
    if (row?.['held'] !== 'true') return [];
    const policies = readPolicies(row);
    return tenants
      .filter(({ setting }) => !isNamed(setting, policies))
      .map(({ setting }) => doubtComparison(model, setting));
  });
  const openReaders = readers.flatMap((row): Withheld[] => {
    const model = exposed[Number(row['at'])] as Model;
    if (open.some((one) => one.model === model)) return [];
    const why = explainReader(row, owned, owned.includes(model));
    return why ? [{ model, ...why }] : [];
  });
  return {
    withheld: [...open, ...openReaders],
    doubts: [
      ...uncompared,
      ...references.filter((_, at) => referring[at]?.['held'] !== 'true').map(doubtOwnership),
    ],
  };
}

/** A function of the policies may compare it, which is not looked into. */
function doubtComparison({ name }: Model, setting: string): Doubt {
  return {
    text: `the row policies of ${name} need not compare the setting ${setting}`,
    remedy: 'make sure that they do, by a function perhaps; steward rls prints policies',
  };
}

function doubtOwnership({ model, tie }: Unowned): Doubt {
  return {
    text: `every caller sees all rows of ${model.name}, ${tie}`,
    remedy: 'give it a tenant, or row policies of its own',
  };
}

/**
 * Models of which mostly a tenant was forgotten: one that refers to a tenant's, and whose foreign key tells which rows of
 * others there are; and the one whose rows are the tenants.
 */
function listUnowned({ models, tenantModels }: Exposure): Unowned[] {
  const isOpen = (name: string) => models.get(name)?.tenants.length === 0;
  const referring = [...models.values()].flatMap(({ model }) =>
    listReferences(model).flatMap(({ name, target }): Unowned[] =>
      isOpen(model.name) && tenantModels.some((one) => one.model.name === target)
        ? [{ model, tie: `whose field ${name} refers to ${target} of tenants` }]
        : [],
    ),
  );
  const referred = tenantModels.flatMap(({ model, tenants }) =>
    listReferences(model).flatMap(({ target, columns }): Unowned[] => {
      const tenant = tenants.find(({ column }) => columns.includes(column.column));
      const open = isOpen(target) ? models.get(target)?.model : undefined;
      return tenant && open
        ? [{ model: open, tie: `which the tenant ${model.name}.${tenant.column.name} refers to` }]
        : [];
    }),
  );
  const once = new Map(referred.map((unowned) => [unowned.model, unowned]));
  return [...referring, ...once.values()];
}

function listReferences({ fields }: Model): { name: string; target: string; columns: string[] }[] {
  return fields.flatMap((field) => {
    if (field.kind === 'column' || field.join.kind !== 'columns' || !field.join.refers) return [];
    const { name, target, join } = field;
    return [{ name, target, columns: join.pairs.map(({ here }) => here) }];
  });
}

const INVOKER =
  'let the owner run ALTER VIEW … SET (security_invoker = true), which PostgreSQL has from version 15 on, and give its tables policies; no materialised view can be served';

const HELD =
  'connect as a role that is no superuser, has no BYPASSRLS and owns no table, and give the table the policies that steward rls prints';

const PRINTED = 'steward rls prints policies';

const VIEWS = new Set(['v', 'm']);

type Why = Pick<Withheld, 'reason' | 'remedy'>;
type Row = Awaited<ReturnType<Read>>[number];

/** @returns undefined where something narrows what this role reads of the table */
function explainOpen(row: Row): Why | undefined {
  if (row['held'] === 'true')
    return showsAll(readPolicies(row))
      ? { reason: 'the row policies of its table show this role every row', remedy: PRINTED }
      : undefined;
  const role = 'connect as a role that is no superuser, has no BYPASSRLS and does not own the table';
  if (row['superuser'] === 'true') return { reason: 'the role of Steward is a superuser', remedy: role };
  if (row['bypasses'] === 'true') return { reason: 'the role of Steward has BYPASSRLS', remedy: role };
  if (row['enabled'] === 'false') return { reason: 'its table has no row level security', remedy: PRINTED };
  return {
    reason: 'the role of Steward owns its table, without FORCE ROW LEVEL SECURITY',
    remedy: `${role}, or let the owner run ALTER TABLE … FORCE ROW LEVEL SECURITY`,
  };
}

/** Of a view, and of a table that shares rows with others by inheritance or partitions. */
function explainReader(row: Row, owned: readonly Model[], isTenants: boolean): Why | undefined {
  const tenant = row['tenant'] == null ? undefined : owned[Number(row['tenant'])];
  if (!VIEWS.has(row['kind'] ?? ''))
    return (
      tenant && {
        reason: `it shares rows with ${tenant.name}, whose policies do not hold where they are read as its own`,
        remedy: `name its tenant, too; ${PRINTED}`,
      }
    );
  if (tenant && row['opened'] === 'true')
    return { reason: `it reads ${tenant.name} with the rights of its owner`, remedy: INVOKER };
  if (tenant)
    return {
      reason: `it reads ${tenant.name}, of which no policy narrows anything for this role`,
      remedy: HELD,
    };
  if (!isTenants || (row['opened'] === 'false' && row['held'] === 'true')) return undefined;
  return { reason: 'it is a view, and no policy narrows what it reads for this role', remedy: INVOKER };
}

/** A policy that holds for what this role reads. */
interface Policy {
  permissive: boolean;
  condition: string;
}

function readPolicies(row: Row): Policy[] {
  return JSON.parse(row['policies'] ?? '[]') as Policy[];
}

/** A row is shown that one permissive policy allows, and every restrictive one. */
function showsAll(policies: readonly Policy[]): boolean {
  const isAll = ({ condition }: Policy) => condition === 'true';
  return (
    policies.some((policy) => policy.permissive && isAll(policy)) &&
    policies.every((policy) => policy.permissive || isAll(policy))
  );
}

function isNamed(setting: string, policies: readonly Policy[]): boolean {
  const names = ({ condition }: Policy) => condition.includes(`'${setting}'`);
  return (
    policies.some((policy) => !policy.permissive && names(policy)) ||
    policies.every((policy) => !policy.permissive || names(policy))
  );
}

/** `held`: row policies narrow what this role reads. */
function readTables(models: readonly Model[], read: Read) {
  return read(sql`
    select c.relkind::text as kind, c.relrowsecurity::text as enabled, row_security_active(c.oid)::text as held,
      (select rolsuper from pg_roles where rolname = current_user)::text as superuser,
      (select rolbypassrls from pg_roles where rolname = current_user)::text as bypasses,
      (select json_agg(json_build_object('permissive', polpermissive, 'condition', pg_get_expr(polqual, polrelid)))
        from pg_policy where polrelid = c.oid and polcmd in ('r', '*') and polqual is not null
          and exists (select from unnest(polroles) as role where role = 0 or pg_has_role(role, 'USAGE')))::text as policies
    from (${tablesOf(models)}) as t left join pg_class c on c.oid = t.relation
    order by t.at`);
}

/**
 * What reads rows that are not its own. A view without security_invoker reads with its owner's rights, and a materialised
 * one has read already; rows of a table that inherits, or is a partition, are read by the policies of the one that is
 * named. `held`: a policy narrows something of what it reads. `tenant`: one whose policies do not.
 */
function readReaders(exposed: readonly Model[], tenants: readonly Model[], read: Read) {
  return read(sql`
    with recursive tenants as (select at, relation from (${tablesOf(tenants)}) as named where relation is not null),
    shown as (${tablesOf(exposed)}),
    reads as (
      select at, relation, false as opened, false as shared from shown where relation is not null
      union
      select reads.at, next.relation, reads.opened or next.opened, reads.shared or next.shared
        from reads join pg_class c on c.oid = reads.relation cross join lateral (
          select d.refobjid::regclass as relation, c.relkind = 'm'
              or not coalesce((select option_value::boolean from pg_options_to_table(c.reloptions) where option_name = 'security_invoker'), false) as opened, false as shared
            from pg_rewrite r
              join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
            where r.ev_class = c.oid and c.relkind in ('v', 'm') and d.refobjid <> c.oid
          union all
          select inhrelid::regclass, false, true from pg_inherits
            where inhparent = c.oid and (reads.opened or not row_security_active(c.oid))) as next),
    unguarded as (
      select reads.at, reads.relation from reads join pg_class c on c.oid = reads.relation
        where reads.opened or reads.shared or (c.relkind in ('r', 'p', 'f') and not row_security_active(c.oid))
      union
      select unguarded.at, inhparent::regclass from unguarded join pg_inherits on inhrelid = unguarded.relation)
    select (shown.at - 1)::text as at, c.relkind::text as kind, bool_or(reads.opened)::text as opened,
      bool_or(row_security_active(base.oid))::text as held,
      (select min(tenants.at) - 1 from unguarded join tenants using (relation)
        where unguarded.at = shown.at and unguarded.relation <> shown.relation)::text as tenant
    from shown join pg_class c on c.oid = shown.relation
      left join reads on reads.at = shown.at and reads.relation <> shown.relation
      left join pg_class base on base.oid = reads.relation and base.relkind in ('r', 'p')
    group by shown.at, shown.relation, c.relkind order by shown.at`);
}
