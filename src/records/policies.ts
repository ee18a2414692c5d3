import { createHash } from 'node:crypto';
import type { Column, Model } from './model/schema.js';
import type { Exposure } from './view/exposure.js';
import { nameTable, quoteName } from './view/view.js';

/** Bytes of a name in PostgreSQL. */
const LONGEST_NAME = 63;

/**
 * Writes the policies that show a role the rows of one tenant, and the indexes that they need, as a migration. It may be
 * run again. The restrictive policy holds even where others allow the role more.
 * @param defaultSchema of tables that name none
 */
export function writePolicies({ tenantModels }: Exposure, role: string, defaultSchema: string): string {
  const to = quoteName(role);
  const models = tenantModels.map(({ model, tenants }) => {
    const table = nameTable(model.table, defaultSchema);
    if (model.isView)
      return [
        `-- ${model.name}: a view has no policies; those of its tables hold where it reads with the rights of its caller,`,
        '-- as PostgreSQL can from version 15 on. A materialised view cannot.',
        `ALTER VIEW ${table} SET (security_invoker = true);`,
      ].join('\n');
    const condition = tenants
      .map(({ column, setting }) => `${quoteName(column.column)} = ${writeSetting(column, setting)}`)
      .join(' AND ');
    return [
      `-- ${model.name}`,
      `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;`,
      // In this order the role never sees more than it should, in no transaction either.
      `DROP POLICY IF EXISTS steward_reads ON ${table};`,
      `DROP POLICY IF EXISTS steward_tenant ON ${table};`,
      `CREATE POLICY steward_tenant ON ${table} AS RESTRICTIVE FOR SELECT TO ${to} USING (${condition});`,
      `CREATE POLICY steward_reads ON ${table} FOR SELECT TO ${to} USING (true);`,
      ...writeIndexes(
        model,
        table,
        tenants.map(({ column }) => column),
      ),
    ].join('\n');
  });
  return [
    `-- Rows of tenants, for the role ${role}. Owners of the tables still see all rows; another role that is no owner sees`,
    '-- none until it has a policy of its own: CREATE POLICY application ON … TO the_role USING (true) WITH CHECK (true);',
    ...models,
    '',
  ]
    .join('\n\n')
    .replace('\n\n--', '\n--');
}

/** PostgreSQL shows a setting that is missing as ''. */
function writeSetting({ type, native }: Column, setting: string): string {
  const value = `nullif(current_setting('${setting}', true), '')`;
  if (type === 'Int' || type === 'BigInt') return `${value}::${type === 'Int' ? 'integer' : 'bigint'}`;
  const cast = { Uuid: '::uuid', Citext: '::citext', Char: '::bpchar' }[native ?? ''];
  return `${value}${cast ?? ''}`;
}

/**
 * What is searched and sorted by an index needs one that begins with the tenant. Of a condition on a further column
 * PostgreSQL uses it only where the operator is leakproof, so such columns come first.
 */
function writeIndexes(model: Model, table: string, tenants: readonly Column[]): string[] {
  const columns = new Map(
    model.fields.flatMap((field) => (field.kind === 'column' ? [[field.name, field]] : [])),
  );
  const begin = tenants.map(({ name }) => name);
  const existing = [...model.keys, ...model.indexes].map((names) => names.join());
  const wanted = [...model.keys, ...model.indexes]
    .map((names) => names.filter((name) => !begin.includes(name)))
    .map((names) => [
      ...names.filter((name) => isLeakproof(columns.get(name))),
      ...names.filter((name) => !isLeakproof(columns.get(name))),
    ])
    .map((names) => [...begin, ...names]);
  const missing = new Map(wanted.map((names) => [names.join(), names]));
  return [...missing]
    .filter(([key]) => !existing.some((one) => one === key || one.startsWith(`${key},`)))
    .flatMap(([, names]) => {
      const used = names.map((name) => columns.get(name) as Column);
      const plain = `${[model.table.name, ...used.map(({ column }) => column)].join('_')}_idx`;
      const name = shortenName(plain);
      const map = name === plain ? '' : `, map: ${JSON.stringify(name)}`;
      const unhelped = used.filter((column) => !isLeakproof(column) && !tenants.includes(column));
      return [
        ...unhelped.map(
          (column) =>
            `-- ${column.name}: no operator of its type is leakproof, so it is looked at in each row of the tenant.`,
        ),
        `-- In schema.prisma, or Prisma drops it again: @@index([${names.join(', ')}]${map})`,
        `CREATE INDEX IF NOT EXISTS ${quoteName(name)} ON ${table} (${used.map(({ column }) => quoteName(column)).join(', ')});`,
      ];
    });
}

/** PostgreSQL would cut longer names, and take two indexes for one. */
function shortenName(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name;
  const end = `_${createHash('sha256').update(name).digest('hex').slice(0, 8)}_idx`;
  const begin = Buffer.from(name)
    .subarray(0, LONGEST_NAME - end.length)
    .toString();
  return begin.replace(/\uFFFD+$/, '') + end;
}

const NOT_LEAKPROOF = ['Enum', 'Decimal', 'Json'];
const NATIVE_NOT_LEAKPROOF = ['Citext', 'Xml'];

function isLeakproof(column: Column | undefined): boolean {
  if (!column || column.isList) return false;
  return !NOT_LEAKPROOF.includes(column.type) && !NATIVE_NOT_LEAKPROOF.includes(column.native ?? '');
}
