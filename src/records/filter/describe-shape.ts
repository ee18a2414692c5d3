import { parseFilter } from './parse-filter.js';
import type { Filter } from './syntax.js';

const UNREADABLE = '?';

/**
 * Writes a filter with `?` for each of its values. It is parsed, since no word by itself tells whether it is a value.
 * @param nameOf what is written for a name
 */
export function describeShape(filter: unknown, nameOf: (name: string) => string): string {
  try {
    const parsed = parseFilter(filter, 'filter');
    return parsed ? write(parsed, nameOf) : '';
  } catch {
    return UNREADABLE;
  }
}

function write(filter: Filter, nameOf: (name: string) => string): string {
  if ('terms' in filter) return filter.terms.map((term) => bracket(term, nameOf)).join(` ${filter.kind} `);
  if (filter.kind === 'not') return `not ${bracket(filter.term, nameOf)}`;
  const path = filter.path.segments.map(nameOf).join('.');
  switch (filter.kind) {
    case 'compare':
      return `${path} ${filter.operator} ?`;
    case 'in':
      return `${path} in (?)`;
    case 'match':
      return `${path} ${filter.how} ?`;
    case 'has':
      return `${path} has ?`;
    case 'null':
      return `${path} is null`;
    case 'related':
      return `${path} ${filter.quantifier} (${filter.term ? write(filter.term, nameOf) : ''})`;
  }
}

function bracket(filter: Filter, nameOf: (name: string) => string): string {
  return 'terms' in filter ? `(${write(filter, nameOf)})` : write(filter, nameOf);
}
