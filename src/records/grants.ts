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
    `DO $$ BEGIN CREATE ROLE ${to} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;`,
    `ALTER ROLE ${to} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION;`,
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${quoteName(schema)} TO ${to};`),
    writeRevocation(to),
    ...grants.map(
      ({ table, columns, purpose }) =>
        `GRANT SELECT (${columns.map(quoteName).join(', ')}) ON ${nameTable(table)} TO ${to}; -- ${purpose}`,
    ),
    '',
  ].join('\n');
}

/** Takes back all that the role may do with tables, also those that no longer stand in the configuration. */
function writeRevocation(to: string): string {
  const role = `'${to.replaceAll("'", "''")}'::regrole`;
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
