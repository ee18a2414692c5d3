import type { Relation, TableName } from './model/schema.js';
import type { Exposure } from './view/exposure.js';
import { nameTable, quoteName } from './view/view.js';

/** What a role may select of a table, and what for. */
interface Grant {
  table: TableName;
  columns: string[];
  purpose: string;
}

/**
 * Writes a role that may read what some caller may see unmasked, and the keys by which visible relations join; nothing
 * else. It may be run again after a change.
 * @param defaultSchema of tables that name none
 */
export function writeGrants(exposure: Exposure, role: string, defaultSchema: string): string {
  const to = quoteName(role);
  const shown = listShown(exposure);
  const grants = [...shown, ...listJoins(exposure, shown)].map((grant) => ({
    ...grant,
    table: { ...grant.table, schema: grant.table.schema ?? defaultSchema },
  }));
  const schemas = [...new Set(grants.map(({ table }) => table.schema))];
  return [
    `-- The role that Steward connects as. Give it a password: ALTER ROLE ${to} PASSWORD '…';`,
    writeRole(role, to),
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${quoteName(schema)} TO ${to};`),
    writeRevocation(to),
    ...grants.map(
      ({ table, columns, purpose }) =>
        `GRANT SELECT (${columns.map(quoteName).join(', ')}) ON ${nameTable(table)} TO ${to}; -- ${purpose}`,
    ),
    ...writeReadByViews(exposure, to, defaultSchema),
    '',
  ].join('\n');
}

/** An owner of tables need not be allowed to make roles, nor to take attributes away that a role does not have. */
function writeRole(role: string, to: string): string {
  const name = quoteText(role);
  return [
    'DO $$ BEGIN',
    `  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${name}) THEN CREATE ROLE ${to} LOGIN; END IF;`,
    `  IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${name} AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication))`,
    `  THEN ALTER ROLE ${to} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION; END IF;`,
    'END $$;',
  ].join('\n');
}

/**
 * A view with security_invoker reads with the rights of this role, and only the database knows which views have it. `steward rls`
 * sets it on views with a tenant.
 */
function writeReadByViews({ models }: Exposure, to: string, defaultSchema: string): string[] {
  const views = [...models.values()].flatMap(({ model, tenants }) => {
    if (!model.isView) return [];
    const table = nameTable(model.table, defaultSchema);
    return `(${quoteText(table)}, ${tenants.length > 0})`;
  });
  if (views.length === 0) return [];
  return [
    '-- What views read with the rights of this role; callers see no more of it than the views show.',
    'DO $$ DECLARE used record; BEGIN',
    '  FOR used IN WITH RECURSIVE reads AS (SELECT to_regclass(name)::oid AS relation, 0 AS number, invokes',
    `        FROM (VALUES ${views.join(', ')}) AS view(name, invokes)`,
    "      UNION SELECT d.refobjid, d.refobjsubid, false FROM reads JOIN pg_class c ON c.oid = reads.relation AND c.relkind = 'v' AND (invokes OR",
    "          (SELECT option_value::boolean FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'))",
    '        JOIN pg_rewrite r ON r.ev_class = c.oid JOIN pg_depend d ON d.objid = r.oid AND d.refobjid <> c.oid',
    "          AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass)",
    '    SELECT attrelid::regclass AS relation, attname FROM reads JOIN pg_attribute ON attrelid = relation AND attnum = number AND number > 0',
    `  LOOP EXECUTE format('GRANT SELECT (%I) ON %s TO ${to.replaceAll("'", "''").replaceAll('%', '%%')}', used.attname, used.relation); END LOOP;`,
    'END $$;',
  ];
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Takes back all that the role may do with tables, also those that no longer stand in the configuration. */
function writeRevocation(to: string): string {
  const role = `${quoteText(to)}::regrole`;
  return [
    'DO $$ DECLARE held regclass; BEGIN',
    "  FOR held IN SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')",
    `    AND (EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee = ${role})`,
    `      OR EXISTS (SELECT FROM pg_attribute a, aclexplode(a.attacl) WHERE a.attrelid = c.oid AND grantee = ${role}))`,
    `  LOOP EXECUTE format('REVOKE ALL ON %s FROM ${to.replaceAll("'", "''").replaceAll('%', '%%')}', held); END LOOP;`,
    'END $$;',
  ].join('\n');
}

function listShown({ models }: Exposure): Grant[] {
  return [...models.values()].flatMap(({ model, columns }): Grant[] => {
    const open = model.fields.flatMap((field) =>
      field.kind === 'column' && columns.get(field.name)?.masked === false ? field.column : [],
    );
    return open.length === 0 ? [] : [{ table: model.table, columns: open, purpose: model.name }];
  });
}

/** The keys of visible relations that are not shown themselves, and the tables that join two models. */
function listJoins({ models }: Exposure, shown: readonly Grant[]): Grant[] {
  const found = new Map<string, Grant>();
  const add = (table: TableName, columns: readonly string[], purpose: string) => {
    const open = shown.find((grant) => nameTable(grant.table) === nameTable(table))?.columns ?? [];
    const closed = columns.filter((column) => !open.includes(column));
    const key = JSON.stringify([table, closed]);
    if (closed.length > 0 && !found.has(key)) found.set(key, { table, columns: closed, purpose });
  };
  for (const { model } of models.values()) {
    for (const field of model.fields) {
      const target = field.kind === 'relation' ? models.get(field.target)?.model : undefined;
      if (!target) continue;
      const { join, name } = field as Relation;
      const purpose = `a key, by which ${model.name}.${name} joins; no caller sees it`;
      if (join.kind === 'columns') {
        add(
          model.table,
          join.pairs.map(({ here }) => here),
          purpose,
        );
        add(
          target.table,
          join.pairs.map(({ there }) => there),
          purpose,
        );
      } else {
        add(model.table, [join.hereKey], purpose);
        add(target.table, [join.thereKey], purpose);
        add(join.table, [join.here, join.there].toSorted(), `a join table, of ${model.name}.${name}`);
      }
    }
  }
  return [...found.values()];
}
