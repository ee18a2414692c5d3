CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA zoo;
CREATE SCHEMA annex;
-- The database's order is not the schema's.
CREATE TYPE zoo.mood AS ENUM ('WILD', 'mixed-up', 'calm');
CREATE TABLE zoo.animals (
  id int PRIMARY KEY, name text NOT NULL, note text, code varchar(20), fixed char(8), nick citext, uid uuid,
  address inet, bits varbit, small smallint, number int, big bigint, float double precision, real real,
  "decimal" numeric, price money, alive boolean, mood zoo.mood, born date, fed time(6), fed_zone timetz(6),
  seen timestamptz(6), plain timestamp(3), data jsonb, raw_data json, picture bytea, tags text[], numbers int[],
  moods zoo.mood[], times timestamptz(6)[], decimals numeric[], password text, microchip text,
  parent_id int REFERENCES zoo.animals, lower_password text GENERATED ALWAYS AS (lower(password)) STORED, shape point, ignored text,
  facts jsonb[]
);
CREATE INDEX ON zoo.animals (name);
CREATE TABLE annex."Keeper" (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE zoo."_friends" ("A" int REFERENCES zoo.animals, "B" int REFERENCES zoo.animals, PRIMARY KEY ("A", "B"));
CREATE TABLE zoo."_AnimalToKeeper" ("A" int REFERENCES zoo.animals, "B" bigint REFERENCES annex."Keeper", PRIMARY KEY ("A", "B"));
-- Partitioned, and reserved words for names.
CREATE TABLE zoo."select" (
  animal_id int NOT NULL REFERENCES zoo.animals, "at" timestamptz(6) NOT NULL, "order" int NOT NULL, "not" text,
  "a ""quoted"" name" text, amount numeric(10, 2) NOT NULL, PRIMARY KEY (animal_id, "at")
) PARTITION BY RANGE (animal_id);
CREATE TABLE zoo.select_low PARTITION OF zoo."select" FOR VALUES FROM (0) TO (3);
CREATE TABLE zoo.select_high PARTITION OF zoo."select" FOR VALUES FROM (3) TO (1000000);
CREATE TABLE annex."Room" (
  floor int, number int, "keeperId" bigint REFERENCES annex."Keeper", "nextFloor" int, "nextNumber" int,
  PRIMARY KEY (floor, number), FOREIGN KEY ("nextFloor", "nextNumber") REFERENCES annex."Room"
);
CREATE TABLE zoo.constructor ("then" text NOT NULL UNIQUE, "user" text);
CREATE TABLE zoo."Salary" (id int PRIMARY KEY, amount int NOT NULL);
CREATE TABLE zoo."Secret" (id int PRIMARY KEY);
CREATE VIEW zoo.crowd AS SELECT mood, count(*) AS total FROM zoo.animals GROUP BY mood;

INSERT INTO zoo.animals VALUES
  (1, 'Ada', E'line\tone\nline two', 'A_1', 'ab', 'Nick', '7b0e5e66-2c35-4dc5-b9b7-9a3a0e0a1a11', '10.0.0.1', B'101', 1, 10,
   9007199254740993, 0.1, 0.1, 12345678901234567890.123456789, '$1,234.50', true, 'calm', '2026-02-28', '09:00:00.5', '09:00:00+02',
   '2026-05-01 09:00:00.123456+00', '2026-05-01 09:00:00.123', '{"a": 1, "big": 12345678901234567890}', '{"a":1, "a":2}', '\x00ff',
   '{x,y}', '{1,NULL,3}', '{calm,WILD}', '{2026-05-01 09:00:00.000001+00}', '{1.50,NULL}', 'hunter2', 'chip-1', NULL, DEFAULT, '(1,2)', 'i'),
  (2, 'Bob', 'B%', 'A%1', 'abc', 'nick', NULL, NULL, NULL, -1, -2147483648, -9223372036854775808, 'NaN', 'Infinity', 'NaN', '-$0.01',
   false, 'WILD', '0044-03-15 BC', '24:00', NULL, 'infinity', '-infinity', 'null', NULL, '', '{}', NULL, NULL, NULL, NULL, 'x', NULL, 1, DEFAULT, NULL, NULL),
  (3, 'cyd', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '-0', NULL, NULL, NULL, NULL, 'mixed-up', '12026-01-01', NULL, NULL,
   '0044-03-15 10:00:00+00 BC', '2026-10-25 00:30:00', '[1, "two", null]', 'null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, DEFAULT, NULL, NULL);
INSERT INTO zoo.animals (id, name, number, mood, seen, parent_id)
  SELECT n, 'animal ' || n, nullif(n % 7, 0), (ARRAY['calm', 'WILD', NULL])[1 + n % 3]::zoo.mood, '2026-10-25 00:00:00+00'::timestamptz + n * interval '7 minutes', 1 + n % 5
  FROM generate_series(4, 60) n;
INSERT INTO annex."Keeper" VALUES (9007199254740993, 'Kim'), (2, 'Lee');
INSERT INTO zoo."_AnimalToKeeper" VALUES (1, 9007199254740993), (1, 2), (2, 2);
INSERT INTO zoo."_friends" VALUES (1, 2), (1, 3), (3, 2);
INSERT INTO zoo."select" SELECT 1 + n % 5, '2026-01-01 00:00:00.000001+00'::timestamptz + n * interval '1 day', n, nullif(n % 4, 0)::text, 'q' || n, n * 1.25 FROM generate_series(1, 60) n;
INSERT INTO annex."Room" VALUES (1, 1, 2, NULL, NULL), (1, 2, NULL, 1, 1), (2, 1, 2, 1, NULL);
INSERT INTO zoo.constructor VALUES ('a', 'u'), ('b', NULL);
INSERT INTO zoo."Salary" VALUES (1, 100);
