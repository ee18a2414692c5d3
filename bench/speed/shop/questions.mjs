import pg from 'pg';
import { COUNTRIES } from './fill.mjs';
import { draw } from './random.mjs';
import { drawShape, shapeToSql } from './shapes.mjs';

/**
 * A question as each server is asked it: Steward and Toolbox by a tool, all others in SQL.
 * @typedef {{ steward: [tool: string, args: object], toolbox: [tool: string, args: object], sql: string }} Question
 */
/**
 * A question whose shape is known beforehand, so that a tool of Toolbox holds its SQL; the values are drawn.
 * @typedef {{ name: string, what: string, tool: import('../servers/peers.mjs').ToolboxTool & { statement: string }, ask: (seed: number) => Question }} Topic
 */

/** Takes SQL, where the shape is not known beforehand. */
const EXECUTE_SQL = { name: 'execute_sql' };

/** @param {number} seed @returns {Question} */
export function findShape(seed) {
  const shape = drawShape(seed);
  const sql = shapeToSql(shape);
  return {
    steward: ['find_records', { model: 'Order', ...shape }],
    toolbox: [EXECUTE_SQL.name, { sql }],
    sql,
  };
}

/** Names of included fields are in the order of the alphabet, in which Toolbox writes them. */
export const WHOLESALE = topic(
  'wholesale_orders',
  'orders by a field of their customer, with ten items each',
  `SELECT o.id, o.status, o.total, o.placed_at, c.name, items.list
   FROM orders o JOIN customers c ON c.id = o.customer_id, LATERAL (
     SELECT json_agg(json_build_object('line', i.line, 'price', i.price, 'qty', i.qty, 'sku', i.sku) ORDER BY i.line) AS list
     FROM items i WHERE i.order_id = o.id) AS items
   WHERE c.country = $1 AND o.wholesale AND o.placed_at < $2
   ORDER BY o.placed_at DESC, o.id LIMIT $3`,
  { country: 'string', before: 'string', limit: 'integer' },
  (drawn) => ({ country: drawn.one(COUNTRIES), before: drawn.moment(0.2), limit: drawn.whole(5, 20) }),
  ({ country, before, limit }) => [
    'find_records',
    {
      model: 'Order',
      filter: `customer.country = '${country}' and wholesale = true and placedAt < '${before}'`,
      fields: 'id, status, total, placedAt, customer.name',
      include: 'items(line, price, qty, sku)',
      order_by: 'placedAt desc, id',
      limit,
    },
  ],
);

/** Saved in steward.config.json. */
export const OPEN_ORDERS = topic(
  'open_orders',
  'a saved question',
  `SELECT o.id, o.status, o.total, o.placed_at, c.name FROM orders o JOIN customers c ON c.id = o.customer_id
   WHERE o.status IN ('NEW', 'PAID') AND c.country = $1 AND o.placed_at >= $2
   ORDER BY o.placed_at, o.id LIMIT 20`,
  { country: 'string', since: 'string' },
  (drawn) => ({ country: drawn.one(COUNTRIES), since: drawn.moment(0, 0.8) }),
  (values) => ['open_orders', values],
);

export const SALES = topic(
  'sales',
  'sums by country, month and status',
  `SELECT c.country, date_trunc('month', o.placed_at AT TIME ZONE 'UTC')::date AS month, o.status, count(*), sum(o.total)
   FROM orders o JOIN customers c ON c.id = o.customer_id
   WHERE o.placed_at >= $1 AND o.placed_at < $2
   GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1, 2, 3 LIMIT $3`,
  { from: 'string', to: 'string', limit: 'integer' },
  (drawn) => ({ from: drawn.moment(0, 0.2), to: drawn.moment(0.8, 1), limit: drawn.whole(10, 50) }),
  ({ from, to, limit }) => [
    'aggregate_records',
    {
      model: 'Order',
      metrics: 'count, sum(total)',
      group_by: 'customer.country, month(placedAt), status',
      filter: `placedAt >= '${from}' and placedAt < '${to}'`,
      order_by: 'sum_total desc',
      limit,
    },
  ],
);

export const TOOLBOX_TOOLS = [EXECUTE_SQL, ...[WHOLESALE, OPEN_ORDERS, SALES].map(({ tool }) => tool)];

/**
 * @template {Record<string, string | number>} Values
 * @param {string} name
 * @param {string} what
 * @param {string} statement with $1 … for the parameters, in their order
 * @param {Record<keyof Values & string, string>} parameters their types
 * @param {(drawn: import('./random.mjs').Draw) => Values} drawValues
 * @param {(values: Values) => [tool: string, args: object]} toSteward
 * @returns {Topic}
 */
function topic(name, what, statement, parameters, drawValues, toSteward) {
  const names = Object.keys(parameters);
  return {
    name,
    what,
    tool: { name, statement, parameters },
    ask(seed) {
      const values = drawValues(draw(seed));
      const literal = (/** @type {string} */ _, /** @type {string} */ at) =>
        pg.escapeLiteral(String(values[names[Number(at) - 1] ?? '']));
      return {
        steward: toSteward(values),
        toolbox: [name, values],
        sql: statement.replace(/\$(\d)/g, literal),
      };
    },
  };
}
