import { makeCondition } from './filters.mjs';
import { cellOf, hasOrder, quote, relatedRows, textOf } from './oracle.mjs';

/** @typedef {import('./oracle.mjs').Seen} Seen */
/** @typedef {import('./oracle.mjs').Column} Column */
/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {(tool: string, args: object) => Promise<any>} Call answers what a tool answers; throws its error */
/** @typedef {(sql: string, values?: unknown[]) => Promise<(string | null)[][]>} Query answers rows of text */
/** @typedef {{ model: Seen, models: ReadonlyMap<string, Seen>, call: Call, query: Query, random: Random }} Asked */

const PAGE = 50;
/** Of a record at a time: an answer holds so many long values in full. */
const COLUMNS = 3;
const FILTERS = 20;
/** Characters of a text in lists, and in groups. */
const LONGEST_LISTED = 500;
const LONGEST_GROUPED = 200;
const MOST_GROUPS = 200;
const INCLUDED = 10;

/**
 * Asks everything of a model and holds each answer against plain SQL.
 * @param {Asked} asked
 * @returns {AsyncGenerator<string>} a sentence for each answer that differs
 */
export async function* askAll(asked) {
  yield* askPages(asked);
  yield* askRecords(asked);
  yield* askIncludes(asked);
  yield* askFilters(asked);
  yield* askGroups(asked);
}

/** Three orders, each paged through: all rows, in this order. Without a key there is one page. @param {Asked} asked */
async function* askPages({ model, call, query, random }) {
  const sortable = model.columns.filter(hasOrder);
  const orders = [1, 2].flatMap(() =>
    sortable.length > 0 ? [{ by: random.pick(sortable), direction: random.pick(['asc', 'desc']) }] : [],
  );
  for (const order of [undefined, ...orders]) {
    const columns = [...new Set([...model.key, ...(order ? [order.by] : [])])];
    if (columns.length === 0) continue;
    const order_by = order && `${nameOf(order.by)} ${order.direction}`;
    const rows = [];
    let cursor;
    do {
      const fields = JSON.stringify(columns.map(nameOf));
      const args = { model: model.name, limit: PAGE, fields, ...(order_by && { order_by }) };
      const page = await call('find_records', { ...args, ...(cursor && { cursor }) });
      rows.push(...page.records.rows);
      cursor = page.next_cursor;
    } while (cursor);
    const keys = [
      ...(order ? [`m.${quote(order.by.column)} ${order.direction} NULLS LAST`] : []),
      ...model.key.map(({ column }) => `m.${quote(column)}`),
    ];
    const sql = `SELECT ${select(columns, 'm')} FROM ${model.table} m ORDER BY ${keys.join(', ')}`;
    const expected = (await query(sql)).map((row) => readRow(columns, row, LONGEST_LISTED));
    const held = model.key.length > 0 ? expected : expected.slice(0, PAGE);
    yield* differ(`pages by ${order_by ?? 'the key'}`, rows, held);
  }
}

/** All columns, a few at a time, each time of another row. @param {Asked} asked */
async function* askRecords({ model, call, query, random }) {
  // The elements of lists of JSON stand in a cell as they were written.
  const columns = model.columns.filter(
    ({ type, isList }) => !isList || (type !== 'Json' && type !== 'Bytes'),
  );
  for (let at = 0; at < columns.length && model.key.length > 0; at += COLUMNS) {
    const some = columns.slice(at, at + COLUMNS);
    const sql = `SELECT ${select([...model.key, ...some], 'm')} FROM ${model.table} m ORDER BY md5(m::text || $1) LIMIT 1`;
    const [row] = await query(sql, [String(random.below(1e6))]);
    if (!row) return;
    const cells = readRow([...model.key, ...some], row);
    const key = JSON.stringify(Object.fromEntries(model.key.map(({ name }, index) => [name, cells[index]])));
    const { record } = await call('get_record', {
      model: model.name,
      key,
      fields: some.map(nameOf).join(', '),
    });
    const expected = some.map(({ name }, index) => [name, cells[model.key.length + index]]);
    yield* differ(`record ${key}`, record.rows, expected);
  }
}

/** The first rows with each relation: the related rows that SQL finds. @param {Asked} asked */
async function* askIncludes({ model, models, call, query }) {
  if (model.key.length === 0) return;
  for (const relation of model.relations) {
    const target = /** @type {Seen} */ (models.get(relation.target));
    const columns = target.key.length > 0 ? target.key : target.columns.slice(0, 1);
    const { records } = await call('find_records', {
      model: model.name,
      fields: JSON.stringify(model.key.map(nameOf)),
      include: JSON.stringify([`\`${relation.name}\`(${columns.map(nameOf).join(', ')})`]),
      limit: 20,
    });
    const order = columns.map(({ column }) => `there.${quote(column)}`).join(', ');
    const related = `SELECT there.* ${relatedRows(relation, target, 'm', 'there')} ORDER BY ${order} LIMIT ${INCLUDED + 1}`;
    const sql = `SELECT (SELECT json_agg(json_build_array(${select(columns, 'r')})) FROM (${related}) r) FROM ${model.table} m ORDER BY ${model.key.map(({ column }) => `m.${quote(column)}`).join(', ')} LIMIT 20`;
    const expected = (await query(sql)).map(([text]) => {
      const rows = /** @type {(string | null)[][]} */ (JSON.parse(text ?? '[]'));
      const cells = rows.slice(0, INCLUDED).map((row) => readRow(columns, row, LONGEST_LISTED));
      return rows.length > INCLUDED ? [...cells, 'and more'] : cells;
    });
    const found = records.rows.map((/** @type {unknown[]} */ row) => row.at(-1));
    // Without a key the related rows have no order.
    const [one, other] =
      target.key.length > 0
        ? [found, expected]
        : [found, expected].map((all) => all.map((/** @type {unknown[]} */ rows) => rows.length));
    yield* differ(`include ${relation.name}`, one, other);
  }
}

/** How many rows there are, and how many meet random conditions. @param {Asked} asked */
async function* askFilters(asked) {
  const { model, call, query, random } = asked;
  for (let number = 0; number < FILTERS; number++) {
    const all = { filter: '', sql: 'true', json: undefined };
    const { filter: text, sql, json } = number === 0 ? all : await makeCondition(asked, model, 'm');
    const filter = json && random.chance(0.3) ? JSON.stringify([json]) : text;
    const { count } = await call('count_records', { model: model.name, filter });
    const expected = await query(`SELECT count(*) FROM ${model.table} m WHERE ${sql}`);
    yield* differ(filter || 'count', [[String(count)]], expected);
  }
}

/** Metrics of all rows, by each enum and boolean, by another column, and by a stretch of time. @param {Asked} asked */
async function* askGroups({ model, call, query, random }) {
  const columns = model.columns.filter(hasOrder);
  const moments = columns.filter(
    ({ type, native }) => type === 'DateTime' && !/^Time(tz)?$/.test(native ?? ''),
  );
  const keys = [
    ...columns.filter(({ type }) => type === 'Enum' || type === 'Boolean').map(plainKey),
    ...(columns.length > 0 ? [plainKey(random.pick(columns))] : []),
    ...(moments.length > 0 ? [stretchKey(random.pick(moments), random.pick(STRETCHES))] : []),
  ];
  for (const key of [undefined, ...keys]) {
    const others = columns.length > 0 ? [1, 2, 3].map(() => metricOf(random.pick(columns), random)) : [];
    const metrics = [COUNT, ...new Map(others.map((metric) => [metric.text, metric])).values()];
    const having = key && random.chance(0.3);
    // Beside a key of this name, the count is called otherwise.
    const count = key?.text === '`count`' ? '_count' : 'count';
    const { groups } = await call('aggregate_records', {
      model: model.name,
      metrics: metrics.map(({ text }) => text).join(', '),
      ...(key && { group_by: key.text, order_by: `${count} desc`, limit: MOST_GROUPS }),
      ...(having && { having: `${count} > 1` }),
    });
    const shown = key ? [key, ...metrics] : metrics;
    const grouping =
      key &&
      `GROUP BY ${key.group}${having ? ' HAVING count(*) > 1' : ''} ORDER BY count(*) DESC, ${key.order} NULLS LAST`;
    const sql = `SELECT ${shown.map((one) => one.sql).join(', ')} FROM ${model.table} m ${grouping ?? ''} LIMIT ${MOST_GROUPS}`;
    const expected = (await query(sql)).map((row) => row.map((text, at) => shown[at]?.read(text)));
    yield* differ(
      `${metrics.map(({ text }) => text).join(', ')} by ${key?.text ?? 'nothing'}`,
      groups.rows,
      expected,
    );
  }
}

/** With their names in answers. @type {[stretch: string, format: string][]} */
const STRETCHES = Object.entries({
  day: 'YYYY-MM-DD',
  week: 'YYYY-MM-DD',
  month: 'YYYY-MM',
  quarter: 'YYYY-"Q"Q',
  year: 'YYYY',
});

/** @typedef {{ text: string, sql: string, read(text: string | null): unknown }} Shown a column of the answer */
/** @typedef {Shown & { group: string, order: string }} Key */

/** @param {Column} column @returns {Key} */
function plainKey(column) {
  const at = numberOf(column);
  return {
    text: nameOf(column),
    sql: `${at}::text`,
    group: at,
    order: at,
    read: (text) => cellOf(column, text, LONGEST_GROUPED),
  };
}

/** @param {Column} column @param {[stretch: string, format: string]} stretch @returns {Key} */
function stretchKey(column, [stretch, format]) {
  const at = numberOf(column);
  const first = `date_trunc('${stretch}', ${at})`;
  const era = `CASE WHEN extract(year FROM ${first}) < 0 THEN ' BC' ELSE '' END`;
  const sql = `CASE WHEN isfinite(${at}) THEN to_char(${first}, '${format}') || ${era} ELSE ${at}::text END`;
  return {
    text: `${stretch}(${nameOf(column)})`,
    sql,
    group: sql,
    order: `min(${at})`,
    read: (text) => text,
  };
}

/** @type {Shown} */
const COUNT = { text: 'count', sql: 'count(*)', read: Number };

/** @param {Column} column @param {Random} random @returns {Shown} */
function metricOf(column, random) {
  const { type, native } = column;
  const name = random.pick([
    'count',
    'count distinct',
    ...(['Int', 'BigInt', 'Decimal'].includes(type) && native !== 'Oid' ? ['sum', 'avg'] : []),
    ...(type !== 'Boolean' && !['Uuid', 'Bit', 'VarBit'].includes(native ?? '') ? ['min', 'max'] : []),
  ]);
  const write = (/** @type {string} */ at) =>
    `${name.replace(' ', '(')}${name.includes(' ') ? ' ' : '('}${at})`;
  const read = (/** @type {string | null} */ text) => {
    if (name === 'min' || name === 'max') return cellOf(column, text, LONGEST_GROUPED);
    if (name === 'avg') return text?.replace(/\.0+$|(\.\d*[1-9])0+$/, '$1') ?? null;
    return name === 'sum' && (type !== 'Int' || text === null) ? text : Number(text);
  };
  return { text: write(nameOf(column)), sql: `${write(numberOf(column))}::text`, read };
}

/** @param {Column} column */
const numberOf = ({ native, column }) => `m.${quote(column)}${native === 'Money' ? '::numeric' : ''}`;

/** @param {Column} column */
const nameOf = ({ name }) => `\`${name}\``;

/** @param {readonly Column[]} columns @param {string} alias */
const select = (columns, alias) =>
  columns.map((column) => textOf(column, `${alias}.${quote(column.column)}`)).join(', ');

/** @param {readonly Column[]} columns @param {readonly (string | null)[]} row @param {number} [longest] */
const readRow = (columns, row, longest) =>
  columns.map((column, at) => cellOf(column, row[at] ?? null, longest));

/** @param {string} what @param {readonly unknown[]} rows @param {readonly unknown[]} expected */
function* differ(what, rows, expected) {
  if (JSON.stringify(rows) === JSON.stringify(expected)) return;
  const at = expected.findIndex((row, index) => JSON.stringify(row) !== JSON.stringify(rows[index]));
  const texts = [rows, expected].map(
    (all) => JSON.stringify(all[at === -1 ? expected.length : at]) ?? 'none',
  );
  const [one = '', other = ''] = texts;
  const same = Array.from(one).findIndex((character, index) => character !== Array.from(other)[index]);
  const [shown, wanted] = texts.map((text) =>
    Array.from(text)
      .slice(Math.max(0, same - 60), same + 60)
      .join(''),
  );
  yield `${what}: ${rows.length} rows, and ${expected.length} in SQL; the first that differs has ${shown}, and ${wanted} in SQL`;
}
