import fc from 'fast-check';

/** One filter in three languages. */
export interface RandomFilter {
  /** As Steward reads it. */
  text: string;
  /** As a condition of PostgreSQL on the table with this alias. */
  sql(alias: string): string;
  /** As Prisma reads it; undefined where Prisma has no such question, or other rules. */
  where: object | undefined;
  /** Prisma's `not` has the same rule of null. It has another over relations and lists. */
  canNegate: boolean;
}

const COMPARISONS = { '=': 'equals', '!=': 'not', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const;
type Sign = keyof typeof COMPARISONS;
const EQUALITY: Sign[] = ['=', '!='];

interface Kind {
  field: string;
  column: string;
  /** As they are written in a filter and in SQL. */
  values: string[];
  signs?: Sign[];
  /** A value for Prisma; absent: Prisma compares it in another way. */
  toPrisma?: (value: string) => unknown;
  /** The value as the database has it. */
  stored?: (value: string) => string;
}

/** Prisma compares citext as text, real as double precision, and microseconds not at all. */
const KINDS: Kind[] = [
  { field: 'id', column: 'id', values: ['1', '7', '30', '59', '61'], toPrisma: Number },
  { field: 'number', column: 'number', values: ['-1', '1', '4', '10'], toPrisma: Number },
  { field: 'small', column: 'small', values: ['0', '1', '2', '3'], toPrisma: Number },
  {
    field: 'big',
    column: 'big',
    values: ['9007199254740992', '9007199254740993', '9007199254740996'],
    toPrisma: BigInt,
  },
  { field: 'float', column: 'float', values: ['0', '0.1', '1e300'], toPrisma: Number },
  { field: 'real', column: 'real', values: ['0.1', '1.1', 'NaN'] },
  {
    field: 'decimal',
    column: '"decimal"',
    values: ['12345678901234567890.100000001', '12345678901234567890.100000003', '1'],
    toPrisma: String,
  },
  { field: 'price', column: 'price', values: ['-1', '0', '2.00'] },
  {
    field: 'alive',
    column: 'alive',
    values: ['true', 'false'],
    signs: EQUALITY,
    toPrisma: (text) => text === 'true',
  },
  {
    field: 'mood',
    column: 'mood',
    values: ['CALM', 'WILD', 'Mixed'],
    signs: EQUALITY,
    toPrisma: String,
    stored: (value) => ({ CALM: 'calm', Mixed: 'mixed-up' })[value] ?? value,
  },
  { field: 'name', column: 'name', values: ['Ada', 'animal 30', 'cyd', ''], toPrisma: String },
  { field: 'note', column: 'note', values: ['n0', 'n3', 'x'], toPrisma: String },
  { field: 'nick', column: 'nick', values: ['NICK1', 'nick2', 'Nick0'] },
  { field: 'fixed', column: 'fixed', values: ['b', 'aab', 'c'] },
  {
    field: 'uid',
    column: 'uid',
    values: ['cfcd2084-95d5-65ef-66e7-dff9f98764da', 'c4ca4238-a0b9-2382-0dcc-509a6f75849b'],
    signs: EQUALITY,
    toPrisma: String,
  },
  { field: 'seen', column: 'seen', values: ['2026-05-01T09:00:00.000001Z', '2026-05-01T09:00:00Z'] },
  {
    field: 'born',
    column: 'born',
    values: ['2026-01-01', '2025-12-31'],
    toPrisma: (day) => new Date(`${day}T00:00:00Z`),
  },
];

/** Enums in the database's order, which Prisma cannot ask for. */
const ORDERED_MOOD: Kind = {
  field: 'mood',
  column: 'mood',
  values: ['CALM', 'WILD', 'Mixed'],
  signs: ['<', '<=', '>', '>='],
  stored: (value) => ({ CALM: 'calm', Mixed: 'mixed-up' })[value] ?? value,
};

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The column itself, or that of the parent: null where there is no parent. */
function reach(column: string, ofParent: boolean): (alias: string) => string {
  return (alias) =>
    ofParent
      ? `(select p.${column} from zoo.animals p where p.id = ${alias}.parent_id)`
      : `${alias}.${column}`;
}

function ofField(field: string, ofParent: boolean, condition: unknown): object {
  return ofParent ? { parent: { is: { [field]: condition } } } : { [field]: condition };
}

const comparison: fc.Arbitrary<RandomFilter> = fc.constantFrom(...KINDS, ORDERED_MOOD).chain((kind) => {
  const { field, column, toPrisma, stored = String } = kind;
  return fc
    .record({
      sign: fc.constantFrom(...(kind.signs ?? (Object.keys(COMPARISONS) as Sign[]))),
      value: fc.constantFrom(...kind.values),
      ofParent: fc.boolean(),
    })
    .map(({ sign, value, ofParent }): RandomFilter => {
      const at = reach(column, ofParent);
      return {
        text: `${ofParent ? 'parent.' : ''}${field} ${sign} ${quote(value)}`,
        sql: (alias) => `${at(alias)} ${sign} ${quote(stored(value))}`,
        where: toPrisma && ofField(field, ofParent, { [COMPARISONS[sign]]: toPrisma(value) }),
        canNegate: !ofParent,
      };
    });
});

const list: fc.Arbitrary<RandomFilter> = fc.constantFrom(...KINDS).chain((kind) => {
  const { field, column, toPrisma, stored = String } = kind;
  return fc
    .record({
      values: fc.array(fc.constantFrom(...kind.values), { minLength: 1, maxLength: 3 }),
      ofParent: fc.boolean(),
      not: fc.boolean(),
    })
    .map(({ values, ofParent, not }): RandomFilter => {
      const at = reach(column, ofParent);
      const equal = (alias: string) =>
        values.map((value) => `${at(alias)} = ${quote(stored(value))}`).join(' or ');
      return {
        text: `${ofParent ? 'parent.' : ''}${field} ${not ? 'not in' : 'in'} (${values.map(quote).join(', ')})`,
        sql: (alias) => (not ? `not (${equal(alias)})` : `(${equal(alias)})`),
        // Prisma has no lists of booleans.
        where:
          toPrisma && field !== 'alive'
            ? ofField(field, ofParent, { [not ? 'notIn' : 'in']: values.map(toPrisma) })
            : undefined,
        canNegate: !ofParent,
      };
    });
});

const match: fc.Arbitrary<RandomFilter> = fc
  .record({
    field: fc.constantFrom('name', 'note', 'nick', 'fixed', 'code'),
    how: fc.constantFrom('contains', 'starts with', 'ends with'),
    part: fc.constantFrom('A', 'n', 'NICK', '1', 'b', ' 3', '_', '%', '\\'),
    ofParent: fc.boolean(),
  })
  .map(({ field, how, part, ofParent }): RandomFilter => {
    const at = reach(field, ofParent);
    const sought = `lower(${quote(part)})`;
    const name = how === 'contains' ? 'contains' : how === 'starts with' ? 'startsWith' : 'endsWith';
    return {
      text: `${ofParent ? 'parent.' : ''}${field} ${how} ${quote(part)}`,
      sql: (alias) => {
        const whole = `lower(${at(alias)}::text)`;
        if (how === 'contains') return `position(${sought} in ${whole}) > 0`;
        return `${how === 'starts with' ? 'left' : 'right'}(${whole}, ${part.length}) = ${sought}`;
      },
      // Prisma takes these for wildcards, and pads char.
      where:
        /[_%\\]/.test(part) || field === 'fixed'
          ? undefined
          : ofField(field, ofParent, { [name]: part, mode: 'insensitive' }),
      canNegate: !ofParent,
    };
  });

const missing: fc.Arbitrary<RandomFilter> = fc
  .record({ kind: fc.constantFrom(...KINDS), not: fc.boolean() })
  .filter(({ kind }) => !['id', 'name'].includes(kind.field))
  .map(({ kind: { field, column }, not }) => ({
    text: `${field} is ${not ? 'not ' : ''}null`,
    sql: (alias) => `${alias}.${column} is ${not ? 'not ' : ''}null`,
    where: { [field]: not ? { not: null } : null },
    canNegate: true,
  }));

const orphan: fc.Arbitrary<RandomFilter> = fc.constant({
  text: 'parent is null',
  sql: (alias) => `not exists (select from zoo.animals p where p.id = ${alias}.parent_id)`,
  where: { parent: { is: null } },
  canNegate: false,
});

const held: fc.Arbitrary<RandomFilter> = fc.constantFrom('x', 'y', 'z').map((value) => ({
  text: `tags has ${value}`,
  sql: (alias) => `coalesce(${quote(value)} = any(${alias}.tags), false)`,
  where: { tags: { has: value } },
  canNegate: false,
}));

/** The rows that each relation leads to, as a subquery without its end. */
const RELATIONS: Record<string, (alias: string, there: string) => string> = {
  children: (alias, there) => `zoo.animals ${there} where ${there}.parent_id = ${alias}.id`,
  friends: (alias, there) =>
    `zoo.animals ${there} join zoo."_friends" on "A" = ${there}.id where "B" = ${alias}.id`,
  friendOf: (alias, there) =>
    `zoo.animals ${there} join zoo."_friends" on "B" = ${there}.id where "A" = ${alias}.id`,
};

let aliases = 0;

interface Related {
  relation: string;
  quantifier: 'some' | 'none' | 'every';
  inner: RandomFilter;
  ofParent: boolean;
}

function relate({ relation, quantifier, inner, ofParent }: Related): RandomFilter {
  const rows = RELATIONS[relation] as (alias: string, there: string) => string;
  const quantified = (alias: string): string => {
    const there = `r${aliases++}`;
    const met = `(${inner.sql(there)})`;
    const exists = `exists (select from ${rows(alias, there)} and ${quantifier === 'every' ? `${met} is not true` : met})`;
    return quantifier === 'some' ? exists : `not ${exists}`;
  };
  return {
    text: `${ofParent ? 'parent.' : ''}${relation} ${quantifier} (${inner.text})`,
    sql: (alias) => {
      if (!ofParent) return quantified(alias);
      const parent = `r${aliases++}`;
      return `(select ${quantified(parent)} from zoo.animals ${parent} where ${parent}.id = ${alias}.parent_id)`;
    },
    // Prisma's `every` is met by rows for which it is undecided.
    where:
      inner.where && quantifier !== 'every'
        ? ofField(relation, ofParent, { [quantifier]: inner.where })
        : undefined,
    canNegate: false,
  };
}

function combine(word: 'and' | 'or', terms: RandomFilter[]): RandomFilter {
  const wheres = terms.map(({ where }) => where);
  return {
    text: terms.map(({ text }) => `(${text})`).join(` ${word} `),
    sql: (alias) => terms.map((term) => `(${term.sql(alias)})`).join(` ${word} `),
    where: wheres.includes(undefined) ? undefined : { [word.toUpperCase()]: wheres },
    canNegate: terms.every(({ canNegate }) => canNegate),
  };
}

function negate({ text, sql, where, canNegate }: RandomFilter): RandomFilter {
  return {
    text: `not (${text})`,
    sql: (alias) => `not (${sql(alias)})`,
    where: where && canNegate ? { NOT: where } : undefined,
    canNegate,
  };
}

/** Filters of animals, up to four levels deep. */
export const randomFilter: fc.Arbitrary<RandomFilter> = fc.letrec<{ filter: RandomFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: 'medium' },
    { weight: 5, arbitrary: comparison },
    { weight: 2, arbitrary: list },
    { weight: 2, arbitrary: match },
    { weight: 1, arbitrary: missing },
    { weight: 1, arbitrary: orphan },
    { weight: 1, arbitrary: held },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom('and' as const, 'or' as const),
          fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
        )
        .map(([word, terms]) => combine(word, terms)),
    },
    { weight: 2, arbitrary: tie('filter').map(negate) },
    {
      weight: 3,
      arbitrary: fc
        .record({
          relation: fc.constantFrom(...Object.keys(RELATIONS)),
          quantifier: fc.constantFrom('some' as const, 'none' as const, 'every' as const),
          inner: tie('filter'),
          ofParent: fc.boolean(),
        })
        .map(relate),
    },
  ),
})).filter;
