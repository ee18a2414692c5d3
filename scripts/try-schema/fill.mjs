import { quote } from './oracle.mjs';

/** @typedef {import('./random.mjs').Random} Random */
/**
 * A column as the catalogue has it.
 * @typedef {{ schema: string, table: string, name: string, type: string, element: string | null, values: string[] | null,
 *   nullable: boolean, longest: number | null, precision: number | null, scale: number | null }} Column
 */
/** @typedef {{ table: string, columns: string[], target: string, targetColumns: string[] }} ForeignKey */

const COLUMNS = `
  SELECT n.nspname AS schema, n.nspname || '.' || c.relname AS table, a.attname AS name,
    coalesce(b.typname, e.typname, t.typname) AS type, e.typname AS element,
    (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid IN (t.oid, e.oid)) AS values,
    NOT a.attnotnull AS nullable,
    CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4
      WHEN t.typname IN ('bit', 'varbit') AND a.atttypmod > 0 THEN a.atttypmod END AS longest,
    CASE WHEN t.typname = 'numeric' AND a.atttypmod > 4 THEN ((a.atttypmod - 4) >> 16) & 65535 END AS precision,
    CASE WHEN t.typname = 'numeric' AND a.atttypmod > 4 THEN (a.atttypmod - 4) & 65535 END AS scale
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute a ON attrelid = c.oid
    JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
    LEFT JOIN pg_type b ON b.oid = t.typbasetype
  WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_toast%'
  ORDER BY 1, 2, attnum`;

const KEYS = `
  SELECT n.nspname || '.' || c.relname AS table, f.nspname || '.' || t.relname AS target, contype AS kind,
    ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(num, at) JOIN pg_attribute ON attrelid = c.oid AND attnum = num ORDER BY at) AS columns,
    ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY k(num, at) JOIN pg_attribute ON attrelid = t.oid AND attnum = num ORDER BY at) AS "targetColumns"
  FROM pg_constraint JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class t ON t.oid = confrelid LEFT JOIN pg_namespace f ON f.oid = t.relnamespace
  WHERE contype IN ('p', 'u', 'f')
  UNION ALL
  SELECT n.nspname || '.' || c.relname, NULL, 'u',
    ARRAY(SELECT attname::text FROM unnest(indkey::int2[]) WITH ORDINALITY k(num, at) JOIN pg_attribute ON attrelid = c.oid AND attnum = num ORDER BY at), NULL
  FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE indisunique AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_toast%'`;

const WORDS = [
  'amber',
  'Ada Lind',
  'über',
  "O'Neil",
  '50%_off',
  'a\\b',
  '',
  ' edge ',
  '見積書',
  '🙂👩‍👩‍👧',
  'x'.repeat(3000),
  'y'.repeat(190),
];

/**
 * Fills every table with believable rows, some of them odd: null, empty, very large, infinite.
 * @param {import('pg').Client} client a superuser's, since cycles of foreign keys are filled without their checks
 * @param {Random} random
 * @param {number} rows of a table; unique sets of few values hold fewer
 */
export async function fill(client, random, rows) {
  const { rows: columns } = /** @type {{ rows: Column[] }} */ (await client.query(COLUMNS));
  const { rows: keys } = await client.query(KEYS);
  const foreign = /** @type {ForeignKey[]} */ (keys.filter(({ kind }) => kind === 'f'));
  const unique = keys.filter(({ kind }) => kind !== 'f');
  /** @type {Map<string, unknown>} */
  const made = new Map();

  /** A value depends on table, column and row alone, so a foreign key can ask for its target's. */
  const valueOf = (
    /** @type {Column} */ column,
    /** @type {number} */ row,
    /** @type {number} */ depth = 0,
  ) => {
    const name = `${column.table}.${column.name}.${row}`;
    if (!made.has(name)) made.set(name, makeValue(column, row, depth));
    return made.get(name);
  };
  const isUnique = (/** @type {Column} */ { table, name }) =>
    unique.some((key) => key.table === table && key.columns.includes(name));
  const makeValue = (
    /** @type {Column} */ column,
    /** @type {number} */ row,
    /** @type {number} */ depth,
  ) => {
    const key = foreign.find(
      ({ table, columns: own }) => table === column.table && own.includes(column.name),
    );
    const leads = isUnique(column);
    if (column.nullable && random.chance(0.15)) return null;
    if (!key || depth > 4) return randomValue(column, row, leads, random);
    const at = key.columns.indexOf(column.name);
    const target = columns.find(({ table, name }) => table === key.target && name === key.targetColumns[at]);
    if (!target) return null;
    const isSelf = key.target === key.table;
    // Some have more related rows than an answer shows.
    const most = random.chance(0.3) ? Math.min(3, rows) : rows;
    if (isSelf && row === 0 && column.nullable) return null;
    return valueOf(target, isSelf ? Math.floor(row / 2) : leads ? row : random.below(most), depth + 1);
  };

  await client.query('SET session_replication_role = replica');
  for (const table of new Set(columns.map((column) => column.table))) {
    const own = columns.filter((column) => column.table === table);
    const content = Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(own.map((column) => [column.name, valueOf(column, row)])),
    );
    const name = table.split('.').map(quote).join('.');
    const names = own.map((column) => quote(column.name)).join(', ');
    await client.query(
      `INSERT INTO ${name} (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM json_populate_recordset(NULL::${name}, $1) ON CONFLICT DO NOTHING`,
      [JSON.stringify(content)],
    );
  }
  await client.query('SET session_replication_role = origin; ANALYZE');
}

/** @param {Column} column @param {number} row @param {boolean} isUnique @param {Random} random @returns {unknown} */
function randomValue(column, row, isUnique, random) {
  if (column.element === null) return scalar(column, column.type, row, isUnique, random);
  const elements = Array.from({ length: random.below(4) }, () =>
    scalar(column, column.element ?? '', row, false, random),
  );
  return elements;
}

/** @param {Column} column @param {string} type @param {number} row @param {boolean} isUnique @param {Random} random */
function scalar(column, type, row, isUnique, random) {
  if (column.values) return isUnique ? column.values[row % column.values.length] : random.pick(column.values);
  switch (type) {
    case 'int2':
    case 'int4':
    case 'int8':
      return isUnique ? row + 1 : random.pick(INTEGERS[type]);
    case 'float4':
    case 'float8':
      return isUnique
        ? row / 4
        : random.pick([0, -1.5, 3.25, '1e30', 'NaN', '-Infinity', random.below(1000) / 8]);
    case 'numeric':
      if (isUnique) return number(column, row);
      if (random.chance(0.02)) return 'NaN';
      return `${random.pick(['', '-'])}${number(column, random.chance(0.1) ? undefined : random.below(1_000_000))}`;
    case 'money':
      return `${random.below(10_000)}.50`;
    case 'bool':
      return isUnique ? row % 2 === 0 : random.chance(0.5);
    case 'uuid':
      return `${(isUnique ? row : random.below(1e6)).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    case 'date':
      return !isUnique && random.chance(0.02) ? 'infinity' : day(isUnique ? row : random.below(3000));
    case 'timestamp':
    case 'timestamptz':
      if (!isUnique && random.chance(0.02))
        return random.pick(['infinity', '-infinity', '0044-03-15 12:00 BC']);
      return `${day(isUnique ? row : random.below(3000))} ${String(random.below(24)).padStart(2, '0')}:15:00.${random.below(1_000_000)}`;
    case 'time':
    case 'timetz':
      return `${random.below(24)}:05`;
    case 'interval':
      return `${random.below(90)} days`;
    case 'json':
    case 'jsonb':
      // A null at the top would be the database's.
      return random.pick([{ kind: 'note', tags: ['a', null], size: 1.5 }, [], [null], 'text', 1e21]);
    case 'bytea':
      return `\\x${Buffer.from(`${row}`).toString('hex')}`;
    case 'inet':
    case 'cidr':
      return `10.0.${Math.floor(row / 256)}.${row % 256}`;
    case 'xml':
      return '<a/>';
    case 'bit':
    case 'varbit':
      return '0'.repeat(column.longest ?? 1);
    case 'tsvector':
    case 'tsquery':
      return 'word';
    default:
      return text(column, row, isUnique, random);
  }
}

const INTEGERS = {
  int2: [0, 1, 2, -32_768, 32_767],
  int4: [0, 1, 2, 17, -3, -2_147_483_648, 2_147_483_647],
  int8: [0, 1, 42, '-9223372036854775808', '9007199254740993', '9223372036854775807'],
};

/** @param {Column} column @param {number | undefined} value the whole part; absent, the largest */
function number({ precision, scale }, value) {
  const digits = Math.max((precision ?? 12) - (scale ?? 4), 0);
  const whole = value === undefined ? '9'.repeat(digits) : String(value % 10 ** Math.min(digits, 9));
  return (scale ?? 4) > 0
    ? `${digits === 0 ? 0 : whole}.${'123456789'.slice(0, Math.min(scale ?? 4, 9))}`
    : whole;
}

/** @param {Column} column @param {number} row @param {boolean} isUnique @param {Random} random */
function text({ longest, name }, row, isUnique, random) {
  const fits = (/** @type {string} */ value) => Array.from(value).length <= (longest ?? Infinity);
  // Cut, a word could end in half of what is one sign.
  if (!isUnique) return random.pick(WORDS.filter(fits));
  const value = `${name}-${row}`;
  return fits(value) || longest === null ? value : String(row).padStart(longest, '0').slice(-longest);
}

/** @param {number} days */
function day(days) {
  return new Date(Date.UTC(2020, 0, 1) + days * 86_400_000).toISOString().slice(0, 10);
}
