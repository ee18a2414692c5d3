import type { Link, Shown } from '../../capability/define.js';
import { resultColumn } from '../plan/aggregate.js';
import type { GroupKey, Metric } from '../sql/aggregate.js';

interface Grouped {
  keys: readonly GroupKey[];
  metrics: readonly Metric[];
  order: readonly { name: string; descending: boolean }[];
}

const NUMBERS = ['Int', 'BigInt', 'Float', 'Decimal'];

/** What the page of answers gets: what there is of it. */
export function shown(chart: Shown['chart'], csv: Link | undefined): Shown {
  return { ...(chart && { chart }), ...(csv && { csv }) };
}

/** The columns of groups that make a chart; undefined where there are no groups, or no numbers of them. */
export function chartOf({ keys, metrics, order }: Grouped): Shown['chart'] | undefined {
  const values = metrics.flatMap((metric, at) =>
    NUMBERS.includes(resultColumn(metric).type) ? [keys.length + at] : [],
  );
  if (keys.length === 0 || values.length === 0) return undefined;
  const [first] = order;
  const [key] = keys;
  const inOrder = first === undefined || (first.name === key?.name && !first.descending);
  const overTime = keys.length === 1 && key?.bucket !== undefined && inOrder;
  return { labels: keys.map((_, at) => at), values, overTime };
}
