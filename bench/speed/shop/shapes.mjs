import { draw } from './random.mjs';

/** @typedef {import('./random.mjs').Draw} Draw */
/** What find_records is asked of orders. @typedef {{ filter: string, fields: string, order_by: string, limit: number }} Shape */

const FIELDS =
  'id, branchId, customerId, status, wholesale, total, discount, placedAt, shippedOn, note'.split(', ');
const STATUSES = ['NEW', 'PAID', 'SHIPPED', 'CANCELLED'];
const ORDERS = [
  'placedAt desc, id',
  'placedAt, id',
  'placedAt desc, id desc',
  'id desc',
  'total desc, id',
  'total, id',
];

/**
 * What may be asked of a column or two, so that no two conditions contradict each other. Written so that a filter and SQL
 * say it in the same words, but for the names.
 * @type {((drawn: Draw) => string)[][]}
 */
const CONDITIONS = [
  [
    (drawn) => `status ${drawn.one(['=', '!='])} '${drawn.one(STATUSES)}'`,
    (drawn) => `status in (${quoted(drawn.some(STATUSES, drawn.whole(2, 3)))})`,
    (drawn) => `shippedOn ${drawn.one(['is null', 'is not null'])}`,
  ],
  [
    (drawn) => `total >= '${drawn.amount(5, 400)}'`,
    (drawn) => `total < '${drawn.amount(100, 500)}'`,
    (drawn) => `(wholesale = 'true' or total > '${drawn.amount(200, 400)}')`,
  ],
  [(drawn) => `placedAt ${drawn.one(['<', '>='])} '${drawn.moment(0.3, 0.7)}'`],
  [
    (drawn) => `note ${drawn.one(['is null', 'is not null'])}`,
    (drawn) =>
      `customerId in (${quoted(Array.from({ length: drawn.whole(1, 9) }, () => drawn.whole(1, 2000)))})`,
  ],
  [(drawn) => `discount < '${drawn.amount(10, 50)}'`, () => 'discount is not null'],
];

/**
 * A question about one table that was hardly asked before: of another filter, other columns, another order, another
 * limit, and with values of its own.
 * @param {number} seed
 * @returns {Shape}
 */
export function drawShape(seed) {
  const drawn = draw(seed);
  return {
    filter: drawn
      .some(CONDITIONS, drawn.whole(1, 3))
      .map((conditions) => drawn.one(conditions)(drawn))
      .join(' and '),
    fields: drawn.some(FIELDS, drawn.whole(3, 8)).join(', '),
    order_by: drawn.one(ORDERS),
    limit: drawn.whole(5, 50),
  };
}

/** The same for those who are asked in SQL. @param {Shape} shape */
export function shapeToSql({ filter, fields, order_by, limit }) {
  return `SELECT ${named(fields)} FROM orders WHERE ${named(filter)} ORDER BY ${named(order_by)} LIMIT ${limit}`;
}

/** The column of a field is written `placed_at`, not `placedAt`. @param {string} text */
const named = (text) => text.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** @param {(string | number)[]} values */
const quoted = (values) => values.map((value) => `'${value}'`).join(', ');
