-- What is of organisation 7 says "seven", and ends in .07; what is of 8 says "eight", and ends in .08.
CREATE TYPE "Status" AS ENUM ('OPEN', 'PAID');
CREATE TABLE customers (id int PRIMARY KEY, org_id int NOT NULL, name text NOT NULL, email text NOT NULL);
CREATE TABLE invoices (id int PRIMARY KEY, org_id int NOT NULL, title text NOT NULL, status "Status" NOT NULL,
  total numeric(10, 2) NOT NULL, customer_id int REFERENCES customers);
CREATE TABLE tags (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE "_InvoiceToTag" ("A" int NOT NULL REFERENCES invoices, "B" int NOT NULL REFERENCES tags, PRIMARY KEY ("A", "B"));
CREATE INDEX ON invoices (status, title);
INSERT INTO customers SELECT n, 7 + n % 2, CASE n % 2 WHEN 0 THEN 'seven' ELSE 'eight' END || ' customer ' || n / 2, n || '@example.com'
  FROM generate_series(2, 31) AS n;
INSERT INTO invoices SELECT n, 7 + n % 2, CASE n % 2 WHEN 0 THEN 'seven' ELSE 'eight' END || ' title ' || n % 10,
  (CASE WHEN n % 3 = 0 THEN 'PAID' ELSE 'OPEN' END)::"Status", n + CASE n % 2 WHEN 0 THEN 0.07 ELSE 0.08 END,
  2 + (n + n % 2) % 28 + n % 2 FROM generate_series(100, 279) AS n;
-- A customer of another organisation, as a fault of the application may leave one behind.
UPDATE invoices SET customer_id = 3 WHERE id = 100;
INSERT INTO tags VALUES (1, 'shared'), (2, 'rare');
INSERT INTO "_InvoiceToTag" SELECT id, 1 FROM invoices;
INSERT INTO "_InvoiceToTag" SELECT id, 2 FROM invoices WHERE id < 110;
ANALYZE;
CREATE VIEW paid WITH (security_invoker = true) AS SELECT id, title FROM invoices WHERE status = 'PAID';
