import type { ViewColumn, ViewModel } from '../view/view.js';
import { resolveOpenColumn, resolvePath } from '../view/resolve.js';
import type { Condition } from './condition.js';
import { readValue, textFor } from './read-value.js';
import { refuse, type Path } from '../argument.js';
import { LIMITS, type Comparison, type Filter } from './syntax.js';

/**
 * Looks the names of a filter up in the view and reads its values.
 * @throws StewardError VALIDATION
 */
export function resolveFilter(model: ViewModel, filter: Filter, argument: string): Condition {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, terms: filter.terms.map((term) => resolveFilter(model, term, argument)) };
    case 'not':
      return { kind: 'not', term: resolveFilter(model, filter.term, argument) };
    case 'related':
      return resolveRelated(model, filter, argument);
    case 'null':
      return resolveNull(model, filter.path, argument);
    case 'compare': {
      const reference = resolveOpenColumn(model, filter.path, argument);
      assertComparable(reference.column, filter.operator, filter.path, argument);
      return { ...filter, reference, value: readValue(reference.column, filter.value, argument) };
    }
    case 'in': {
      const { path, values } = filter;
      if (values.length > LIMITS.values)
        refuse(`A list has at most ${LIMITS.values} values.`, path, argument);
      const reference = resolveOpenColumn(model, path, argument);
      assertComparable(reference.column, '=', path, argument);
      return {
        kind: 'in',
        reference,
        values: values.map((value) => readValue(reference.column, value, argument)),
      };
    }
    case 'match': {
      const { path, how, value } = filter;
      const reference = resolveOpenColumn(model, path, argument);
      const { column } = reference;
      if (column.isList || column.type !== 'String' || NO_TEXT.has(column.native ?? ''))
        refuse(`${how} is for text; '${column.name}' is ${describeType(column)}.`, path, argument);
      return { kind: 'match', reference, how, text: textFor(column, value) };
    }
    case 'has': {
      const { path, value } = filter;
      const reference = resolveOpenColumn(model, path, argument);
      const { column } = reference;
      if (!column.isList && column.type !== 'Json')
        refuse(`has is for lists and JSON; '${column.name}' is ${describeType(column)}.`, path, argument);
      return { kind: 'has', reference, value: readValue(column, value, argument) };
    }
  }
}

/** Native types of text that PostgreSQL compares, but does not search. */
const NO_TEXT = new Set(['Uuid', 'Inet', 'Bit', 'VarBit', 'Xml']);

export function describeType({ type, native, values, isList }: ViewColumn): string {
  const stored = native !== undefined && NO_TEXT.has(native) ? native : type;
  const name = type === 'Enum' ? `the enum ${values?.name}` : stored;
  return isList ? `a list of ${name}` : name;
}

function assertComparable(column: ViewColumn, operator: Comparison, path: Path, argument: string): void {
  const { name, type, native, isList } = column;
  if (isList) refuse(`'${name}' is a list: write ${name} has VALUE, or ${name} is null.`, path, argument);
  if (type === 'Json') refuse(`'${name}' is JSON: only has and is null can be asked of it.`, path, argument);
  if (type === 'Bytes' || native === 'Xml') refuse(`Only is null can be asked of '${name}'.`, path, argument);
  if (type === 'Boolean' && operator !== '=' && operator !== '!=')
    refuse(`'${name}' is true or false: compare it with = or !=.`, path, argument);
}

function resolveNull(model: ViewModel, path: Path, argument: string): Condition {
  const { relations, field } = resolvePath(model, path, argument);
  if (field.kind === 'column') return { kind: 'null', reference: resolveOpenColumn(model, path, argument) };
  if (field.isList)
    refuse(
      `'${field.name}' leads to many records: write ${field.name} none () for those without any.`,
      path,
      argument,
    );
  return { kind: 'missing', relations: [...relations, field] };
}

function resolveRelated(model: ViewModel, filter: Filter & { kind: 'related' }, argument: string): Condition {
  const { path, quantifier, term } = filter;
  const { relations, field } = resolvePath(model, path, argument);
  if (field.kind === 'column' || !field.isList)
    refuse(
      `${quantifier} is for relations to many records; '${field.name}' is ${field.kind === 'column' ? describeType(field) : `one ${field.target().name}: write ${field.name}.FIELD`}.`,
      path,
      argument,
    );
  return {
    kind: 'related',
    relations: [...relations, field],
    quantifier,
    term: term && resolveFilter(field.target(), term, argument),
  };
}
