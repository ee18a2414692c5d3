/**
 * Makes a schema of so many models as a grown application has them, with the SQL that makes their tables: each model has a
 * key, an enum, texts, numbers, times, and relations to two models before it.
 * @param {number} models
 */
export function generateSchema(models) {
  const schema = [
    'datasource db {\n  provider = "postgresql"\n}\n',
    'enum Stage {\n  DRAFT\n  ACTIVE\n  DONE\n}\n',
  ];
  const tables = [`CREATE TYPE "Stage" AS ENUM ('DRAFT', 'ACTIVE', 'DONE');`];
  for (let number = 1; number <= models; number++) {
    const name = nameOf(number);
    const parents = [number - 1, Math.floor(number / 2)].filter(
      (parent, at, all) => parent >= 1 && all.indexOf(parent) === at,
    );
    const children = [number + 1, number * 2, number * 2 + 1].filter(
      (child, at, all) => child <= models && child > number && all.indexOf(child) === at,
    );
    const lines = [
      `/// A ${name.replace(/\d+/, '').toLowerCase()} of the kind that the ${number}. department keeps.`,
      '/// @mcp.expose',
      `model ${name} {`,
      '  id        Int      @id @default(autoincrement())',
      '  title     String',
      '  body      String?  @db.Text',
      '  stage     Stage    @default(DRAFT)',
      '  amount    Decimal? @db.Decimal(12, 2)',
      '  createdAt DateTime @default(now())',
      ...parents.flatMap((parent) => [
        `  parent${parent}Id Int?`,
        `  parent${parent} ${nameOf(parent)}? @relation("r${number}_${parent}", fields: [parent${parent}Id], references: [id])`,
      ]),
      ...children
        .filter((child) => child === number + 1 || Math.floor(child / 2) === number)
        .map((child) => `  children${child} ${nameOf(child)}[] @relation("r${child}_${number}")`),
      '  @@index([stage])',
      '}\n',
    ];
    schema.push(lines.join('\n'));
    const columns = parents
      .map((parent) => `, "parent${parent}Id" int REFERENCES "${nameOf(parent)}"`)
      .join('');
    tables.push(
      `CREATE TABLE "${name}" (id serial PRIMARY KEY, title text NOT NULL, body text, stage "Stage" NOT NULL DEFAULT 'DRAFT', amount numeric(12, 2), "createdAt" timestamp(3) NOT NULL DEFAULT now()${columns});`,
    );
  }
  return { schema: schema.join('\n'), tables: tables.join('\n') };
}

const NOUNS = ['Invoice', 'Shipment', 'Contract', 'Employee', 'Warehouse', 'Campaign', 'Ticket', 'Payment'];

/** @param {number} number */
function nameOf(number) {
  return `${NOUNS[number % NOUNS.length]}${number}`;
}
