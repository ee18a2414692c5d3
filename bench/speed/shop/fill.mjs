import { readFile } from 'node:fs/promises';

/** Countries of the customers, equally often. */
export const COUNTRIES = ['DE', 'FR', 'GB', 'US', 'IT', 'ES', 'NL', 'PL'];
/** Each customer has one, and so do its orders and their items. */
const BRANCHES = 10;
/** The days on which orders were placed, evenly. */
export const FIRST_DAY = '2023-07-01';
export const DAYS = 1000;

/**
 * A fifth as many customers as orders, and twice as many items: ten in each tenth order, which is wholesale. The same
 * rows each time.
 * @param {import('pg').Client} client
 * @param {number} orders
 */
export async function fillShop(client, orders) {
  await client.query(await readFile(new URL('tables.sql', import.meta.url), 'utf8'));
  await client.query(
    `INSERT INTO customers
     SELECT n, 1 + n % ${BRANCHES}, 'Customer ' || n, (string_to_array($2, ','))[1 + n * 7 % ${COUNTRIES.length}],
       $3::timestamptz - n * interval '1 hour'
     FROM generate_series(1, $1::int / 5) AS n`,
    [orders, COUNTRIES.join(), FIRST_DAY],
  );
  await client.query('SELECT setseed(0.5)');
  await client.query(
    `INSERT INTO orders
     SELECT n, 1 + customer % ${BRANCHES}, customer, status, n % 10 = 0, (5 + random() * 495)::numeric(12, 2),
       CASE WHEN n % 3 = 0 THEN (random() * 50)::numeric(12, 2) END, placed_at,
       CASE status WHEN 'SHIPPED' THEN placed_at::date + 2 END, CASE WHEN n % 7 = 0 THEN 'Ring twice at door ' || n END
     FROM generate_series(1, $1::int) AS n,
       LATERAL (SELECT 1 + floor(random() * ($1 / 5) + n * 0)::int AS customer,
         (enum_range(NULL::status))[1 + floor(random() * 4 + n * 0)] AS status,
         date_trunc('minute', $2::timestamptz + n * (interval '1 day' * ${DAYS} / $1)) AS placed_at) AS drawn`,
    [orders, `${FIRST_DAY}T00:00Z`],
  );
  await client.query(
    `INSERT INTO items
     SELECT o.id, line, o.branch_id, 'SKU-' || lpad((random() * 999)::int::text, 3, '0'), 1 + line % 5,
       (1 + random() * 99)::numeric(12, 2)
     FROM orders o, generate_series(1, CASE WHEN wholesale THEN 10 WHEN o.id % 9 = 0 THEN 2 ELSE 1 END) AS line`,
  );
  await client.query(`
    CREATE INDEX ON customers (country);
    CREATE INDEX ON orders (customer_id);
    CREATE INDEX ON orders (placed_at DESC, id);
    CREATE INDEX ON orders (total);
    CREATE INDEX ON orders (wholesale, placed_at DESC, id);
    ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
    ALTER TABLE items ADD FOREIGN KEY (order_id) REFERENCES orders`);
  await client.query('VACUUM ANALYZE');
}
