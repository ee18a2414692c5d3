/** @typedef {import('../../build/records/model/schema.js').Model} Model */
/** @typedef {import('../../build/records/model/schema.js').Column} Column */
/** @typedef {import('../../build/records/model/schema.js').Relation} Relation */
/**
 * What a client sees of a model. The key is the first that orders its rows.
 * @typedef {{ name: string, table: string, columns: Column[], relations: Relation[], key: Column[] }} Seen
 */

/** @param {Model} model @param {ReadonlySet<string>} visible @returns {Seen} */
export function see(model, visible) {
  const fields = model.fields.filter(({ name }) => visible.has(name));
  const columns = fields.filter((field) => field.kind === 'column');
  const keys = model.keys.map((names) => columns.filter(({ name }) => names.includes(name)));
  const key = keys.find((found, at) => found.length === model.keys[at]?.length && found.every(isRequired));
  return {
    name: model.name,
    table: nameOf(model.table),
    columns,
    relations: fields.filter((field) => field.kind === 'relation'),
    key: key ?? [],
  };
}

/** @param {Column} column */
const isRequired = (column) => column.isRequired;

/** What can be compared and ordered. @param {Column} column */
export const hasOrder = ({ type, native, isList }) =>
  !isList && type !== 'Json' && type !== 'Bytes' && native !== 'Xml';

/** A value in SQL as text that loses nothing. @param {Column} column @param {string} at */
export function textOf({ type, native, isList }, at) {
  if (isList) return `array_to_json(${at}::text[])::text`;
  if (type === 'Bytes') return `octet_length(${at})::text`;
  return native === 'Money' ? `${at}::numeric::text` : `${at}::text`;
}

/**
 * What an answer holds for that text.
 * @param {Column} column @param {string | null} text @param {number} longest characters
 * @returns {unknown}
 */
export function cellOf(column, text, longest = Infinity) {
  const { type, native, isList, values } = column;
  if (text === null) return null;
  const characters = Array.from(text);
  if (characters.length > longest) return `${characters.slice(0, longest).join('')}…`;
  if (isList) {
    const elements = /** @type {string[]} */ (JSON.parse(text));
    return JSON.stringify(elements.map((element) => cellOf({ ...column, isList: false }, element)));
  }
  if (type === 'Int' || type === 'Bytes') return Number(text);
  if (type === 'Float') return Number.isFinite(Number(text)) ? Number(text) : text;
  if (type === 'Boolean') return text === 'true';
  if (type === 'Enum') return values?.values.find(({ stored }) => stored === text)?.name;
  if (type === 'DateTime' && !['Date', 'Time', 'Timetz'].includes(native ?? ''))
    return text.replace(/^(\S+) ([\d:.]+)(\+00)?/, '$1T$2Z');
  return text;
}

/** The rows `there` that a row `here` is related to. @param {Relation} relation @param {Seen} target @param {string} here @param {string} there */
export function relatedRows({ join }, target, here, there) {
  const from = `FROM ${target.table} ${there} WHERE`;
  if (join.kind === 'columns')
    return `${from} ${join.pairs.map((pair) => `${there}.${quote(pair.there)} = ${here}.${quote(pair.here)}`).join(' AND ')}`;
  const linked = `SELECT ${quote(join.there)} FROM ${nameOf(join.table)} WHERE ${quote(join.here)} = ${here}.${quote(join.hereKey)}`;
  return `${from} ${there}.${quote(join.thereKey)} IN (${linked})`;
}

/** @param {{ schema?: string | undefined, name: string }} table */
const nameOf = ({ schema, name }) => (schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`);

/** @param {string} name */
export const quote = (name) => `"${name.replaceAll('"', '""')}"`;
