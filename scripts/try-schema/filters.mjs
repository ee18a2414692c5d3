import { cellOf, quote, relatedRows, textOf } from './oracle.mjs';

/** @typedef {import('./oracle.mjs').Seen} Seen */
/** @typedef {import('./oracle.mjs').Column} Column */
/** @typedef {import('./questions.mjs').Asked} Asked */
/** @typedef {import('./random.mjs').Random} Random */
/**
 * One condition in two languages; a single comparison also as Steward reads it in JSON.
 * @typedef {{ filter: string, sql: string, json?: { field: string, op: string, value?: string | string[] } }} Condition
 */

const COMPARISONS = ['=', '!=', '<', '<=', '>', '>='];
const OPERATORS = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte'];
const QUANTIFIERS = ['some', 'none', 'every'];
/** Strings in Prisma's schema, which PostgreSQL does not search as text. */
const NO_TEXT = ['Uuid', 'Inet', 'Bit', 'VarBit'];
const DEEPEST = 2;
/** Characters, since a filter has at most 4,000. */
const LONGEST_VALUE = 200;

/**
 * Makes a random condition on values that are there, of all that a filter may say.
 * @param {Asked} asked @param {Seen} model @param {string} alias of its rows in SQL
 * @returns {Promise<Condition>}
 */
export async function makeCondition(asked, model, alias, depth = 0) {
  const { random } = asked;
  if (depth === DEEPEST || random.chance(0.7)) return makeTerm(asked, model, alias, depth);
  const one = await makeCondition(asked, model, alias, depth + 1);
  if (random.chance(0.4)) return { filter: `not (${one.filter})`, sql: `NOT (${one.sql})` };
  const other = await makeCondition(asked, model, alias, depth + 1);
  const word = random.pick(['and', 'or']);
  return { filter: `(${one.filter}) ${word} (${other.filter})`, sql: `(${one.sql}) ${word} (${other.sql})` };
}

/**
 * Walks over relations to one, to a column or to a relation. In SQL the path is a subquery, which is null where it leads nowhere.
 * @param {Asked} asked @param {Seen} model @param {string} alias @param {number} depth
 * @returns {Promise<Condition>}
 */
async function makeTerm(asked, model, alias, depth) {
  const { models, random } = asked;
  const targetOf = (/** @type {{ target: string }} */ { target }) => /** @type {Seen} */ (models.get(target));
  let path = '';
  let at = inPlace;
  for (let steps = 0; steps < 2; steps++) {
    const relations = model.relations.filter(({ isList }) => depth < DEEPEST || !isList);
    if (relations.length === 0 || random.chance(0.6)) break;
    const relation = random.pick(relations);
    const target = targetOf(relation);
    const there = `${alias}_`;
    const related = relatedRows(relation, target, alias, there);
    const before = at;
    path += `\`${relation.name}\``;
    if (relation.isList) {
      const quantifier = random.pick(QUANTIFIERS);
      const inner =
        quantifier !== 'every' && random.chance(0.2)
          ? { filter: '', sql: 'true' }
          : await makeCondition(asked, target, there, depth + 1);
      const sql = `EXISTS (SELECT ${related} AND (${inner.sql})${quantifier === 'every' ? ' IS NOT TRUE' : ''})`;
      return {
        filter: `${path} ${quantifier} (${inner.filter})`,
        sql: before(quantifier === 'some' ? sql : `NOT ${sql}`),
      };
    }
    if (random.chance(0.1))
      return { filter: `${path} is null`, sql: `${before(`EXISTS (SELECT ${related})`)} IS NOT TRUE` };
    path += '.';
    at = (value) => before(`(SELECT ${value} ${related})`);
    [model, alias] = [target, there];
  }
  const columns = model.columns.filter(({ native }) => native !== 'Xml');
  const column = random.pick(columns);
  if (!column) return { filter: '', sql: 'true' };
  return compare(asked, model, column, `${path}\`${column.name}\``, at(`${alias}.${quote(column.column)}`));
}

/** @param {string} value */
const inPlace = (value) => value;

/**
 * Compares a column with values that rows of its model have.
 * @param {Asked} asked @param {Seen} model @param {Column} column @param {string} path @param {string} at the column in SQL
 * @returns {Promise<Condition>}
 */
async function compare({ query, random }, model, column, path, at) {
  const { type, native, isList } = column;
  const isNull = random.chance(0.5)
    ? { filter: `${path} is null`, sql: `${at} IS NULL`, json: { field: path, op: 'is_null' } }
    : { filter: `${path} is not null`, sql: `${at} IS NOT NULL` };
  const picked = await query(
    `SELECT ${textOf(column, `m.${quote(column.column)}`)} FROM ${model.table} m ORDER BY md5(m::text || $1) LIMIT 3`,
    [String(random.below(1e6))],
  );
  const texts = picked.flatMap(([text]) => /** @type {string | null} */ (text) ?? []);
  const [text] = texts;
  if (text === undefined || type === 'Bytes' || random.chance(0.05)) return isNull;
  if (type === 'Json')
    return isList ? isNull : has(path, random.pick(JSON_KEYS), (key) => `${at}::jsonb ? ${key}`);
  if (isList) {
    const element = random.pick(/** @type {string[]} */ (JSON.parse(text)));
    if (element === undefined || !LISTED.includes(type)) return isNull;
    const shown = String(cellOf({ ...column, isList: false }, element));
    return has(path, shown, () => `${write(element)} = ANY(${at}::text[])`);
  }
  if (
    type === 'String' &&
    !NO_TEXT.includes(native ?? '') &&
    (text.length > LONGEST_VALUE || random.chance(0.5))
  )
    return match(path, at, text, random);
  if (texts.some(({ length }) => length > LONGEST_VALUE)) return isNull;
  const hasDays = type === 'DateTime' && !['Date', 'Time', 'Timetz'].includes(native ?? '');
  const day = /^\d{4}-\d\d-\d\d(?!.*BC)/.exec(text)?.[0];
  const index = random.below(type === 'Boolean' ? 2 : COMPARISONS.length);
  const [operator = '', op = ''] = [COMPARISONS[index], OPERATORS[index]];
  if (hasDays && day && random.chance(0.3))
    return { filter: `${path} ${operator} ${day}`, sql: onDay(at, operator, day) };
  if (hasDays && random.chance(0.2)) {
    const distance = random.below(2000);
    const now = native === 'Timestamptz' ? 'now()' : `now() AT TIME ZONE 'UTC'`;
    return { filter: `${path} >= now-${distance}d`, sql: `${at} >= ${now} - interval '${distance} days'` };
  }
  const values = texts.map((one) => String(cellOf(column, one)));
  if (random.chance(0.25)) {
    const word = random.pick(['in', 'not in']);
    return {
      filter: `${path} ${word} (${values.map(write).join(', ')})`,
      sql: `${at} ${word} (${texts.map(write).join(', ')})`,
      json: { field: path, op: word.replace(' ', '_'), value: values },
    };
  }
  const [value = ''] = values;
  const written = /^-?\d+(\.\d+)?$/.test(value) ? value : write(value);
  return {
    filter: `${path} ${operator} ${written}`,
    sql: `${at} ${operator} ${write(text)}`,
    json: { field: path, op, value },
  };
}

/** Keys of objects that are there, and one that is not. */
const JSON_KEYS = ['kind', 'size', 'absent'];
/** Types whose elements are written as their text. */
const LISTED = ['String', 'Int', 'BigInt', 'Boolean', 'Enum'];

/** Holds or does not hold, and never neither. @param {string} path @param {string} value @param {(value: string) => string} sql @returns {Condition} */
function has(path, value, sql) {
  return {
    filter: `${path} has ${write(value)}`,
    sql: `coalesce(${sql(write(value))}, false)`,
    json: { field: path, op: 'has', value },
  };
}

/** A part of a text, in another case. @param {string} path @param {string} at @param {string} text @param {Random} random @returns {Condition} */
function match(path, at, text, random) {
  const how = random.pick(['contains', 'starts with', 'ends with']);
  const characters = Array.from(text);
  const length = Math.min(characters.length, 1 + random.below(6));
  const from =
    how === 'contains' ? random.below(characters.length - length + 1) : how === 'starts with' ? 0 : -length;
  const part = length === 0 ? '' : characters.slice(from).slice(0, length).join('');
  const value = random.chance(0.5) ? part.toUpperCase() : part;
  const [whole, sought] = [`lower(${at}::text)`, `lower(${write(value)})`];
  const sql = {
    contains: `position(${sought} in ${whole}) > 0`,
    'starts with': `left(${whole}, length(${sought})) = ${sought}`,
    'ends with': `right(${whole}, length(${sought})) = ${sought}`,
  }[how];
  return {
    filter: `${path} ${how} ${write(value)}`,
    sql: String(sql),
    json: { field: path, op: how.replace(' ', '_'), value },
  };
}

/** A day means all of its moments. @param {string} at @param {string} operator @param {string} day */
function onDay(at, operator, day) {
  const [start, end] = [`date ${write(day)}`, `date ${write(day)} + 1`];
  const within = `(${at} >= ${start} AND ${at} < ${end})`;
  if (operator === '=') return within;
  if (operator === '!=') return `NOT ${within}`;
  return operator === '<' || operator === '>='
    ? `${at} ${operator} ${start}`
    : `${at} ${operator === '<=' ? '<' : '>='} ${end}`;
}

/** A value as filters and SQL write it. @param {string} value */
const write = (value) => `'${value.replaceAll("'", "''")}'`;
