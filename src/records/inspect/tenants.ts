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

export interface TenantInspection {
  withheld: readonly Withheld[];
  /** Models of tenants of which no policy names the setting: a function may, which is not looked into. */
  unnamed: readonly { model: Model; setting: string }[];
}

/** Looks whether row policies hold for this role on the tables of all tenants, and for what views read of these. */
export async function inspectTenants(
  { models, tenantModels }: Exposure,
  read: Read,
): Promise<TenantInspection> {
  if (tenantModels.length === 0) return { withheld: [], unnamed: [] };
  const exposed = [...models.values()].map(({ model }) => model);
  const [tables, views] = await Promise.all([
    readTables(
      tenantModels.map(({ model }) => model),
      read,
    ),
    readViews(
      exposed,
      tenantModels.map(({ model }) => model),
      read,
    ),
  ]);
  const open = tenantModels.flatMap(({ model }, at): Withheld[] => {
    const row = tables[at];
    // What is not there, or is a view, has no rows of its own.
    if (!models.has(model.name) || row?.['kind'] == null || VIEWS.has(row['kind'])) return [];
    if (row['held'] === 'true') return [];
    return [{ model, ...explainOpen(row) }];
  });
  const unnamed = tenantModels.flatMap(({ model, tenants }, at) =>
    tables[at]?.['held'] === 'true'
      ? tenants
          .filter(({ setting }) => !(tables[at]?.['policies'] ?? '').includes(`'${setting}'`))
          .map(({ setting }) => ({ model, setting }))
      : [],
  );
  const openViews = views.flatMap((row): Withheld[] => {
    const model = exposed[Number(row['view'])] as Model;
    const tenant = row['tenant'] == null ? undefined : tenantModels[Number(row['tenant'])];
    if (tenant && row['opened'] === 'true')
      return [
        { model, reason: `it reads ${tenant.model.name} with the rights of its owner`, remedy: INVOKER },
      ];
    if (tenant)
      return [
        {
          model,
          reason: `it reads ${tenant.model.name}, of which no policy narrows anything for this role`,
          remedy: HELD,
        },
      ];
    const isTenants = tenantModels.some((one) => one.model === model);
    if (!isTenants || (row['opened'] === 'false' && row['held'] === 'true')) return [];
    return [
      { model, reason: 'it is a view, and no policy narrows what it reads for this role', remedy: INVOKER },
    ];
  });
  return { withheld: [...open, ...openViews], unnamed };
}

const INVOKER =
  'let the owner run ALTER VIEW … SET (security_invoker = true), which PostgreSQL has from version 15 on, and give its tables policies; no materialised view can be served';

const HELD =
  'connect as a role that is no superuser, has no BYPASSRLS and owns no table, and give the table the policies that steward rls prints';

const VIEWS = new Set(['v', 'm']);

type TableRow = Awaited<ReturnType<typeof readTables>>[number];

function explainOpen(row: TableRow): Pick<Withheld, 'reason' | 'remedy'> {
  const role = 'connect as a role that is no superuser, has no BYPASSRLS and does not own the table';
  if (row['superuser'] === 'true') return { reason: 'the role of Steward is a superuser', remedy: role };
  if (row['bypasses'] === 'true') return { reason: 'the role of Steward has BYPASSRLS', remedy: role };
  if (row['enabled'] === 'false')
    return { reason: 'its table has no row level security', remedy: 'steward rls prints the policies' };
  return {
    reason: 'the role of Steward owns its table, without FORCE ROW LEVEL SECURITY',
    remedy: `${role}, or let the owner run ALTER TABLE … FORCE ROW LEVEL SECURITY`,
  };
}

/** `held`: row policies narrow what this role reads, or would, were row_security off. */
function readTables(models: readonly Model[], read: Read) {
  return read(sql`
    select c.relkind::text as kind, c.relrowsecurity::text as enabled, row_security_active(c.oid)::text as held,
      (select rolsuper from pg_roles where rolname = current_user)::text as superuser,
      (select rolbypassrls from pg_roles where rolname = current_user)::text as bypasses,
      (select string_agg(pg_get_expr(polqual, polrelid), ' ') from pg_policy where polrelid = c.oid) as policies
    from (${tablesOf(models)}) as t left join pg_class c on c.oid = t.relation
    order by t.at`);
}

/**
 * A view without security_invoker reads with its owner's rights, and a materialised one has read already. `held`: a policy
 * narrows something of what the view reads.
 */
function readViews(exposed: readonly Model[], tenants: readonly Model[], read: Read) {
  return read(sql`
    with recursive tenants as (select at, relation from (${tablesOf(tenants)}) as named where relation is not null),
    shown as (${tablesOf(exposed)}),
    reads as (
      select at, relation, false as opened from shown where relation is not null
      union
      select reads.at, d.refobjid::regclass, reads.opened or c.relkind = 'm'
          or not coalesce((select option_value::boolean from pg_options_to_table(c.reloptions) where option_name = 'security_invoker'), false)
        from reads join pg_class c on c.oid = reads.relation and c.relkind in ('v', 'm')
          join pg_rewrite r on r.ev_class = c.oid
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
        where d.refobjid <> c.oid)
    select (shown.at - 1)::text as view, bool_or(reads.opened)::text as opened, bool_or(row_security_active(base.oid))::text as held,
      (min(tenants.at) filter (where reads.opened or not row_security_active(base.oid)) - 1)::text as tenant
    from shown join pg_class c on c.oid = shown.relation and c.relkind in ('v', 'm')
      left join reads on reads.at = shown.at and reads.relation <> shown.relation
      left join tenants on tenants.relation = reads.relation
      left join pg_class base on base.oid = reads.relation and base.relkind in ('r', 'p')
    group by shown.at order by shown.at`);
}
