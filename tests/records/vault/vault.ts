import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startZoo, type Zoo } from '../zoo/zoo.js';

/** Lines that end in a remark or mark with "hide" in it are what no caller sees. */
const SCHEMA = `
datasource db {
  provider = "postgresql"
}

/// @mcp.expose
model Person {
  id           Int      @id
  name         String
  city         String?
  wage         Int? /// @mcp.hide
  badge        String?  @unique /// @mcp.hide
  phone        String?  @unique /// @mcp.mask
  passwordHash String? // hides itself by its name
  picture      Bytes? // hides itself by its type
  extra        Json? /// @mcp.hide
  wageText     String?  @default(dbgenerated("(wage)::text")) @map("wage_text") // hides with wage
  oddCopy      String?  @default(dbgenerated("lower(\\"an odd, \\"\\"name\\"\\"\\")")) @map("odd_copy") // hides with strange
  strange      String?  @map("an odd, \\"name\\"") /// @mcp.hide
  phoneText    String?  @default(dbgenerated("(phone)::text")) @map("phone_text") // hides with phone
  ignored      Int?     @map("ignored_one") @ignore // hides, as Prisma does
  ignoredText  String?  @default(dbgenerated("(ignored_one)::text")) @map("ignored_text") // hides with ignored
  details      Json?
  orders       Order[]
  diary        Diary[] // hides with its model
  salaries     Salary[] // hides with its model

  @@index([wage]) // hide
  @@index([city, wage]) // hide
}

/// @mcp.expose
model Order {
  id       Int     @id
  total    Decimal
  placedAt DateTime
  personId Int
  person   Person  @relation(fields: [personId], references: [id])
}

/// Its only key is hidden.
/// @mcp.expose
model Slip {
  number Int     @unique /// @mcp.hide
  text   String
  amount Int
}
`;

const HIDDEN_MODELS = `
model Diary {
  id       Int    @id
  text     String
  personId Int
  person   Person @relation(fields: [personId], references: [id])
}

/// @mcp.expose
/// @mcp.scope("finance")
model Salary {
  id       Int    @id
  amount   Int
  personId Int
  person   Person @relation(fields: [personId], references: [id])
}
`;

/** The schema as it would be if there were nothing to hide. */
const WITHOUT = SCHEMA.split('\n')
  .filter((line) => !/\bhides?\b/.test(line))
  .join('\n')
  .replace('model Slip {', 'view Slip {');

const TABLES = `
CREATE TABLE "Person" (
  id int PRIMARY KEY, name text NOT NULL, city text, wage int, badge text UNIQUE, phone text UNIQUE, "passwordHash" text,
  picture bytea, extra jsonb, wage_text text GENERATED ALWAYS AS (wage::text) STORED,
  "an odd, ""name""" text, odd_copy text GENERATED ALWAYS AS (lower("an odd, ""name""")) STORED,
  phone_text text GENERATED ALWAYS AS (phone::text) STORED, details jsonb,
  ignored_one int, ignored_text text GENERATED ALWAYS AS (ignored_one::text) STORED
) WITH (autovacuum_enabled = false);
CREATE INDEX ON "Person" (wage);
CREATE INDEX ON "Person" (city, wage);
CREATE TABLE "Order" (id int PRIMARY KEY, total numeric NOT NULL, "placedAt" timestamp(3) NOT NULL, "personId" int NOT NULL REFERENCES "Person")
  WITH (autovacuum_enabled = false);
CREATE TABLE "Slip" (number int UNIQUE NOT NULL, text text NOT NULL, amount int NOT NULL) WITH (autovacuum_enabled = false);
CREATE TABLE "Diary" (id int PRIMARY KEY, text text NOT NULL, "personId" int NOT NULL REFERENCES "Person");
CREATE TABLE "Salary" (id int PRIMARY KEY, amount int NOT NULL, "personId" int NOT NULL REFERENCES "Person");
`;

/** @param secret what the hidden and masked columns hold depends on it, and nothing else does */
const rows = (secret: number) => `
INSERT INTO "Person" (id, name, city, wage, badge, phone, "passwordHash", picture, extra, "an odd, ""name""", details)
  SELECT n, (ARRAY['Ada', 'Bob', 'Cyd', 'Dan'])[1 + n % 4], (ARRAY['Bonn', 'Rome', NULL])[1 + n % 3],
    nullif(n * ${secret} % 7, 3), 'badge-' || (n * ${secret} % 11), nullif('555-' || (n * ${secret} % 13), '555-5'),
    md5((n + ${secret})::text), decode(repeat('ab', n * ${secret} % 5), 'hex'), jsonb_build_object('a', n * ${secret} % 3),
    'Odd' || n * ${secret}, jsonb_build_object('size', n % 5)
  FROM generate_series(1, 10) n;
INSERT INTO "Order" SELECT n, n * 1.5, '2026-05-01'::timestamp + n * interval '7 hours', 1 + n % 10 FROM generate_series(1, 25) n;
INSERT INTO "Slip" SELECT ${secret} * n % 31, 'slip ' || n % 4, n % 3 FROM generate_series(1, 12) n;
INSERT INTO "Diary" SELECT n, 'dear diary ${secret}', 1 + n * ${secret} % 10 FROM generate_series(1, 9) n;
INSERT INTO "Salary" SELECT n, n * ${secret}, 1 + n * ${secret} % 10 FROM generate_series(1, 9) n;
`;

export interface VaultOptions {
  secret?: number;
  /** False: the schema has nothing but what can be seen. */
  hiding?: boolean;
  models?: Record<string, unknown>;
  scopes?: string[];
  env?: Record<string, string>;
}

/** Starts Steward on a database whose schema has much to hide. */
export async function startVault({
  secret = 2,
  hiding = true,
  models = {},
  scopes = ['records:read'],
  env = {},
}: VaultOptions = {}): Promise<Zoo> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-vault-'));
  const schema = path.join(folder, 'schema.prisma');
  await writeFile(schema, hiding ? SCHEMA + HIDDEN_MODELS : WITHOUT);
  const zoo = await startZoo({
    section: { schema, models },
    beside: { caller: { scopes } },
    sql: TABLES + rows(secret),
    env: { RATE_LIMIT_PER_MINUTE: '100000', ...env },
  });
  return {
    ...zoo,
    async stop() {
      await zoo.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
