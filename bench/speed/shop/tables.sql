CREATE TYPE status AS ENUM ('NEW', 'PAID', 'SHIPPED', 'CANCELLED');
CREATE TABLE customers (
  id int PRIMARY KEY,
  branch_id int NOT NULL,
  name text NOT NULL,
  country text NOT NULL,
  joined_at timestamptz(3) NOT NULL
);
CREATE TABLE orders (
  id int PRIMARY KEY,
  branch_id int NOT NULL,
  customer_id int NOT NULL,
  status status NOT NULL,
  wholesale boolean NOT NULL,
  total numeric(12, 2) NOT NULL,
  discount numeric(12, 2),
  placed_at timestamptz(3) NOT NULL,
  shipped_on date,
  note text
);
CREATE TABLE items (
  order_id int NOT NULL,
  line int NOT NULL,
  branch_id int NOT NULL,
  sku text NOT NULL,
  qty int NOT NULL,
  price numeric(12, 2) NOT NULL,
  PRIMARY KEY (order_id, line)
);
