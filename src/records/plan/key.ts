import { refuse, splitList } from '../argument.js';
import type { Condition, Value } from '../filter/condition.js';
import { parseFilterText } from '../filter/parse-text.js';
import { readValue } from '../filter/read-value.js';
import { resolveFilter } from '../filter/resolve-filter.js';
import type { ViewColumn, ViewModel } from '../view/view.js';

const ARGUMENT = 'key';

/**
 * Reads what names one record: `17`, `17, 3` for a key of two columns, `email = 'a@b.c'` for another key.
 * @throws StewardError VALIDATION naming the model's keys
 */
export function readKey(model: ViewModel, text: string): Condition {
  const [first] = model.keys;
  if (!first) refuse(`${model.name} has no visible key: use find_records.`, { at: undefined }, ARGUMENT);
  if (/^[^'"]*[^'"<>!=]=/.test(text)) return readNamed(model, text);
  const values = splitList(text, ARGUMENT);
  if (values.length !== first.length)
    refuse(
      `${model.name} is named by ${describeKeys(model)}; values given: ${values.length}.`,
      { at: undefined },
      ARGUMENT,
    );
  return { kind: 'and', terms: first.map((column, at) => equals(column, values[at] ?? '')) };
}

function equals(column: ViewColumn, written: string): Condition {
  const quoted = /^'((?:[^']|'')*)'$|^"((?:[^"]|"")*)"$/.exec(written);
  const text = quoted
    ? (quoted[1]?.replaceAll("''", "'") ?? quoted[2]?.replaceAll('""', '"') ?? '')
    : written;
  const value = readValue(column, { text, quoted: quoted !== null, at: undefined }, ARGUMENT);
  assertOneValue(column, value);
  return { kind: 'compare', reference: { relations: [], column }, operator: '=', value };
}

/** A day would be all moments of it, and so name several records. */
function assertOneValue({ name, native }: ViewColumn, { kind }: Value): void {
  if (native !== 'Date' && (kind === 'day' || kind === 'distance'))
    refuse(`'${name}' takes a whole time here, such as 2026-05-01T09:00:00Z.`, { at: undefined }, ARGUMENT);
}

function readNamed(model: ViewModel, text: string): Condition {
  const filter = parseFilterText(splitList(text, ARGUMENT).join(' and '), ARGUMENT);
  const terms = filter.kind === 'and' ? filter.terms : [filter];
  const names = terms.map((term) =>
    term.kind === 'compare' && term.operator === '=' ? term.path.segments.join('.') : '',
  );
  const key = model.keys.find(
    (columns) => columns.length === names.length && columns.every(({ name }) => names.includes(name)),
  );
  if (!key) refuse(`${model.name} is named by ${describeKeys(model)}.`, { at: undefined }, ARGUMENT);
  const condition = resolveFilter(model, filter, ARGUMENT);
  for (const term of condition.kind === 'and' ? condition.terms : [condition])
    if (term.kind === 'compare') assertOneValue(term.reference.column, term.value);
  return condition;
}

export function describeKeys({ keys }: ViewModel): string {
  return keys.map((key) => key.map(({ name }) => name).join(', ')).join(' or by ');
}
