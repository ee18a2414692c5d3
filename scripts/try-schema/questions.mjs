import { quote } from './fill.mjs';

/** @typedef {import('../../build/records/model/schema.js').Model} Model */
/** @typedef {import('../../build/records/model/schema.js').Column} Column */
/** @typedef {import('../../build/records/model/schema.js').Relation} Relation */
/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {(tool: string, args: object) => Promise<any>} Call answers what a tool answers; throws its error */
/** @typedef {(sql: string, values?: unknown[]) => Promise<any[][]>} Query answers rows of text */
/** @typedef {{ model: Model, models: ReadonlyMap<string, Model>, visible: ReadonlySet<string>, call: Call, query: Query, random: Random, label: string }} Asked */

const PAGE = 50;
const MOST_FILTERS = 12;
const SORTABLE = ['Int', 'BigInt', 'Float', 'Decimal', 'DateTime', 'Boolean', 'String', 'Enum'];
const UNSORTABLE = ['Xml'];
/** Strings in Prisma's schema, which PostgreSQL does not search as text. */
const NO_TEXT = ['Uuid', 'Inet', 'Bit', 'VarBit', 'Xml'];

/**
 * Asks everything of a model and holds each answer against plain SQL.
 * @param {Asked} asked
 * @returns {AsyncGenerator<string>} a sentence for each answer that differs
 */
export async function* askAll(asked) {
  yield* askCount(asked);
  yield* askPages(asked);
  yield* askIncludes(asked);
  yield* askFilters(asked);
  yield* askGroups(asked);
}

/** @param {Asked} asked */
async function* askCount({ model, call, query, label }) {
  const { count } = await call('count_records', { model: label });
  const expected = await queryOne(query, `SELECT count(*) FROM ${tableOf(model)}`);
  if (count !== Number(expected)) yield `count is ${count}, and ${expected} in SQL`;
}

/** Three orders, each paged through: every row is there once. @param {Asked} asked */
async function* askPages({ model, visible, call, query, random, label }) {
  const columns = sortable(model, visible);
  const orders = [
    undefined,
    ...[0, 1].map(
      () => columns.length > 0 && `\`${random.pick(columns).name}\` ${random.pick(['asc', 'desc'])}`,
    ),
  ];
  const key = model.keys.find((names) =>
    names.every((name) => visible.has(name) && columnOf(model, name)?.isRequired),
  );
  const expected = await queryOne(query, `SELECT count(*) FROM ${tableOf(model)}`);
  for (const order_by of orders.filter((order) => order !== false)) {
    /** @type {string[]} */
    const seen = [];
    let cursor;
    do {
      const args = {
        model: label,
        limit: PAGE,
        ...(order_by && { order_by }),
        ...(cursor && { cursor }),
        ...(key && { fields: JSON.stringify(key.map((name) => `\`${name}\``)) }),
      };
      const page = await call('find_records', args);
      seen.push(...page.records.rows.map((/** @type {unknown[]} */ row) => JSON.stringify(row)));
      cursor = page.next_cursor;
    } while (cursor);
    if (key && (seen.length !== Number(expected) || new Set(seen).size !== seen.length))
      yield `pages by ${order_by ?? 'the key'} have ${seen.length} rows, ${new Set(seen).size} of them different, of ${expected}`;
  }
}

/** The first rows with each relation: as many related rows as SQL finds. @param {Asked} asked */
async function* askIncludes({ model, models, visible, call, query, label }) {
  const key = model.keys[0];
  if (!key?.every((name) => visible.has(name))) return;
  for (const relation of relationsOf(model, visible)) {
    const fields = JSON.stringify(key.map((name) => `\`${name}\``));
    const { records } = await call('find_records', {
      model: label,
      fields,
      include: `\`${relation.name}\``,
      limit: 20,
    });
    const counts = records.rows.map((/** @type {unknown[]} */ row) => {
      const related = /** @type {unknown[]} */ (row.at(-1));
      return related.at(-1) === 'and more' ? 11 : related.length;
    });
    const order = key.map((name) => `m.${quote(columnOf(model, name)?.column ?? '')}`).join(', ');
    const expected = await query(
      `SELECT least(11, (${countRelated(relation, models)})) FROM ${tableOf(model)} m ORDER BY ${order} LIMIT 20`,
    );
    const wanted = expected.map(([count]) => Number(count));
    if (JSON.stringify(counts) !== JSON.stringify(wanted))
      yield `include ${relation.name} has ${counts} rows, and ${wanted.join()} in SQL`;
  }
}

/** Random conditions on values that are there. @param {Asked} asked */
async function* askFilters({ model, visible, call, query, random, label }) {
  const columns = columnsOf(model, visible).filter(
    ({ isList, type }) => !isList && type !== 'Json' && type !== 'Bytes',
  );
  for (let number = 0; number < MOST_FILTERS && columns.length > 0; number++) {
    const column = random.pick(columns);
    const name = `m.${quote(column.column)}`;
    const value = await queryOne(
      query,
      `SELECT ${name}::text FROM ${tableOf(model)} m ORDER BY md5(m::text || $1) LIMIT 1`,
      [String(number)],
    );
    const condition = writeCondition(column, value, random);
    if (!condition) continue;
    const { count } = await call('count_records', { model: label, filter: condition.filter });
    const expected = await queryOne(
      query,
      `SELECT count(*) FROM ${tableOf(model)} m WHERE ${condition.sql(name)}`,
      condition.values,
    );
    if (count !== Number(expected)) yield `${condition.filter} counts ${count}, and ${expected} in SQL`;
  }
}

/** Counts and sums by each field of few values. @param {Asked} asked */
async function* askGroups({ model, visible, call, query, label }) {
  const columns = columnsOf(model, visible).filter(({ isList }) => !isList);
  const sum = columns.find(({ type }) => type === 'Int' || type === 'Decimal');
  for (const { name, column } of columns.filter(({ type }) => type === 'Enum' || type === 'Boolean')) {
    const metrics = ['count', ...(sum ? [`sum(\`${sum.name}\`)`] : [])].join(', ');
    const { groups } = await call('aggregate_records', {
      model: label,
      metrics,
      group_by: `\`${name}\``,
      order_by: 'count desc',
    });
    const counts = groups.rows.map((/** @type {unknown[]} */ [, ...values]) => values.join());
    const rows = await query(
      `SELECT count(*)${sum ? `, sum(${quote(sum.column)})` : ''} FROM ${tableOf(model)} GROUP BY ${quote(column)}`,
    );
    const expected = rows.map((values) => values.join());
    if (JSON.stringify(counts.toSorted()) !== JSON.stringify(expected.toSorted()))
      yield `${metrics} by ${name} are ${counts.join(' ')}, and ${expected.join(' ')} in SQL`;
  }
}

/** @param {Column} column @param {string | null} value @param {Random} random */
function writeCondition({ name, type, native, values }, value, random) {
  const field = `\`${name}\``;
  if (value === null)
    return { filter: `${field} is null`, sql: (/** @type {string} */ at) => `${at} IS NULL`, values: [] };
  if (type === 'String' && !NO_TEXT.includes(native ?? '') && random.chance(0.4)) {
    const part = Array.from(value).slice(0, 3).join('');
    const escaped = part.replace(/[\\%_]/g, '\\$&');
    if (part === '') return undefined;
    return {
      filter: `${field} starts with ${write(part)}`,
      sql: (/** @type {string} */ at) => `${at}::text ILIKE $1 || '%'`,
      values: [escaped],
    };
  }
  const stored = values?.values.find((one) => one.stored === value)?.name;
  const operator =
    type === 'Enum' || type === 'Boolean' || type === 'String' ? '=' : random.pick(['=', '<=', '>']);
  // A moment of the database is text without its zone.
  const written =
    type === 'DateTime' ? value.replace(/^(\S+) (\d\S*?)(\+00)?$/, '$1T$2Z') : (stored ?? value);
  const plain = native === 'Money' ? written.replace(/[$,]/g, '') : written;
  if (type === 'DateTime' && !/^\d{4}-\d\d-\d\dT\S+Z$/.test(written)) return undefined;
  return {
    filter: `${field} ${operator} ${write(plain)}`,
    sql: (/** @type {string} */ at) => `${at} ${operator} $1`,
    values: [value],
  };
}

/** @param {Relation} relation of m @param {ReadonlyMap<string, Model>} models */
function countRelated({ join, target }, models) {
  if (join.kind === 'table')
    return `SELECT count(*) FROM ${nameOf(join.table)} j WHERE j.${quote(join.here)} = m.${quote(join.hereKey)}`;
  const pairs = join.pairs.map(({ here, there }) => `j.${quote(there)} = m.${quote(here)}`);
  return `SELECT count(*) FROM ${tableOf(/** @type {Model} */ (models.get(target)))} j WHERE ${pairs.join(' AND ')}`;
}

/** The first value of the first row. @param {Query} query @param {string} sql @param {unknown[]} [values] @returns {Promise<string | null>} */
async function queryOne(query, sql, values) {
  const [row] = await query(sql, values);
  return row?.[0] ?? null;
}

/** @param {Model} model @param {ReadonlySet<string>} visible */
const columnsOf = (model, visible) =>
  /** @type {Column[]} */ (
    model.fields.filter((field) => field.kind === 'column' && visible.has(field.name))
  );

/** @param {Model} model @param {ReadonlySet<string>} visible */
const relationsOf = (model, visible) =>
  /** @type {Relation[]} */ (
    model.fields.filter((field) => field.kind === 'relation' && visible.has(field.name))
  );

/** @param {Model} model @param {ReadonlySet<string>} visible */
const sortable = (model, visible) =>
  columnsOf(model, visible).filter(
    ({ type, isList, native }) => !isList && SORTABLE.includes(type) && !UNSORTABLE.includes(native ?? ''),
  );

/** @param {Model} model @param {string} name */
const columnOf = (model, name) =>
  /** @type {Column | undefined} */ (model.fields.find((field) => field.name === name));

/** @param {Model} model */
const tableOf = ({ table }) => nameOf(table);

/** @param {{ schema?: string | undefined, name: string }} table */
const nameOf = ({ schema, name }) => (schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`);

/** @param {string} value */
const write = (value) => `'${value.replaceAll("'", "''")}'`;
