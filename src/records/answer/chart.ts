import type { Shown } from '../../capability/define.js';
import { resultColumn } from '../plan/aggregate.js';
import type { GroupKey, Metric } from '../sql/aggregate.js';

interface Grouped {
  keys: readonly GroupKey[];
  metrics: readonly Metric[];
  order: readonly { name: string; descending: boolean }[];
}

const NUMBERS = ['Int', 'BigInt', 'Float', 'Decimal'];

/** The columns of groups that make a chart; undefined where there are no groups, or no numbers of them. */
export function chartOf({ keys, metrics, order }: Grouped): Shown['chart'] {
  const values = metrics.filter((metric) => NUMBERS.includes(resultColumn(metric).type));
  if (keys.length === 0 || values.length === 0) return undefined;
  const [first] = order;
  const [key] = keys;
  const inOrder = first === undefined || (first.name === key?.name && !first.descending);
  const overTime = keys.length === 1 && key?.bucket !== undefined && inOrder;
  return { labels: keys.map(({ name }) => name), values: values.map(({ name }) => name), overTime };
}
