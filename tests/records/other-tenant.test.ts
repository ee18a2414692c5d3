import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { steward as run } from '../support/command.mjs';
import { onServer } from '../support/conditions.js';
import { APP } from '../support/template.mjs';
import { openOffice, serveOffice, type Office } from './office/office.js';

/** All that is of organisation 8. */
const EMPTY = `
  ALTER TABLE invoices DROP CONSTRAINT invoices_customer_id_fkey;
  DELETE FROM "_InvoiceToTag" WHERE "A" IN (SELECT id FROM invoices WHERE org_id = 8);
  DELETE FROM invoices WHERE org_id = 8;
  DELETE FROM customers WHERE org_id = 8;
  VACUUM ANALYZE`;

type Call = [tool: string, args: Record<string, unknown>];
type Served = Awaited<ReturnType<typeof serveOffice>>;

onServer('another tenant in the same tables, on a PostgreSQL server', () => {
  const offices: Office[] = [];
  const served: Served[] = [];

  beforeAll(async () => {
    for (const sql of ['', EMPTY]) {
      const office = await openOffice('');
      offices.push(office);
      for (const command of ['grants', 'rls']) {
        const { stdout } = await run([command, '--role', APP], office.env);
        await office.database.query(stdout);
      }
      for (const statement of sql.split(';')) await office.database.query(statement);
      served.push(await serveOffice(office, { org_id: 7 }));
    }
  });
  afterAll(async () => {
    for (const { steward } of served) await steward.stop();
    for (const office of offices) await office.drop();
  });

  /** What both answer, pages and errors included, and the cursors of the next pages. */
  async function ask([tool, args]: Call, cursors: readonly unknown[] = []) {
    const answers = await Promise.all(
      served.map(async ({ call }, at) => {
        const cursor = cursors[at];
        const { text, error, data } = await call(tool, {
          ...args,
          ...(typeof cursor === 'string' && { cursor }),
        });
        const { next_cursor: next, ...rest } = Object(data) as Record<string, unknown>;
        return { next, shown: { error, rest, text: text.replace(String(next), 'CURSOR') } };
      }),
    );
    return { shown: answers.map(({ shown }) => shown), next: answers.map(({ next }) => next) };
  }

  it('changes no answer, no count, no error and no suggestion, whatever is asked', async () => {
    const outcomes = new Map<string | undefined, number>();
    await fc.assert(
      fc.asyncProperty(question, async (one) => {
        let { shown, next } = await ask(one);
        expect(shown[0]).toEqual(shown[1]);
        outcomes.set(shown[0]?.error, (outcomes.get(shown[0]?.error) ?? 0) + 1);
        for (let page = 1; page < 3 && typeof next[0] === 'string'; page++) {
          ({ shown, next } = await ask(one, next));
          expect(shown[0]).toEqual(shown[1]);
        }
      }),
      { seed: 7, numRuns: 500 },
    );
    expect(outcomes.get(undefined)).toBeGreaterThan(200);
    expect(new Set(outcomes.keys())).toEqual(new Set([undefined, 'VALIDATION', 'NOT_FOUND']));
  });

  it('changes no resource, no completion and no prompt', async () => {
    for (const uri of [
      ...['Customer', 'Invoice', 'Tag', 'Paid', 'Nothing'].map((name) => `records://models/${name}`),
      ...[100, 101, 102, 199, 999].map((id) => `records://models/Invoice/records/${id}`),
    ]) {
      const [one, two] = await Promise.all(served.map((each) => readResource(each, uri)));
      expect(one).toEqual(two);
    }
    for (const [name, value, chosen] of [
      ['model', '', {}],
      ['field', '', { model: 'Invoice' }],
      ['value', '', { model: 'Invoice', field: 'status' }],
      ['value', 'e', { model: 'Customer', field: 'name' }],
      ['value', '8', { model: 'Customer', field: 'orgId' }],
    ] as const) {
      const [one, two] = await Promise.all(
        served.map(({ steward: { client } }) =>
          client.complete({
            ref: { type: 'ref/prompt', name: 'explore' },
            argument: { name, value },
            context: { arguments: chosen },
          }),
        ),
      );
      expect(one).toEqual(two);
      expect(JSON.stringify(one)).not.toMatch(/eight/);
    }
  });
});

const readResource = async ({ steward }: Served, uri: string) =>
  steward.client.readResource({ uri }).catch((error: Error) => error.message);

const of = <Value>(...values: Value[]) => fc.constantFrom(...values);

/** A column of Invoice, or one that a path leads to, with values of both organisations and values that fit no column. */
const FIELDS: Record<string, string[]> = {
  id: ['100', '101', '150', '151', '279', '0', '2147483648', "'100'", 'x'],
  orgId: ['7', '8', '9', "'8'", '8.0', 'null'],
  title: ["'seven title 2'", "'eight title 1'", "'eight titel 1'", "'seven titel 2'", '8', "''"],
  status: ['OPEN', 'PAID', "'open'", 'NONE'],
  total: ['100.07', '101.08', '270', '1e3', "'NaN'", '99999999999999'],
  'customer.id': ['2', '3', '30', '31'],
  'customer.orgId': ['7', '8'],
  'customer.name': ["'seven customer 1'", "'eight customer 1'", "'eight costumer 1'", "'eight'"],
  customerId: ['2', '3'],
  'customer.email': ["'3@example.com'"],
  'customer.customer.name': ['1'],
};
const field = of(...Object.keys(FIELDS));
const comparison = field.chain((name) =>
  fc.oneof(
    fc
      .tuple(of('=', '!=', '<', '<=', '>', '>='), of(...(FIELDS[name] as [string])))
      .map(([sign, value]) => `${name} ${sign} ${value}`),
    fc
      .tuple(of('contains', 'starts with', 'ends with'), of("'eight'", "'e'", "'8'"))
      .map(([how, value]) => `${name} ${how} ${value}`),
    fc
      .subarray(FIELDS[name] as string[], { minLength: 1 })
      .map((values) => `${name} in (${values.join(', ')})`),
    of(`${name} is null`, `${name} is not null`),
  ),
);
const term = fc.oneof(
  { weight: 5, arbitrary: comparison },
  {
    weight: 2,
    arbitrary: of(
      'customer is null',
      'customer is not null',
      "tags some (name = 'rare')",
      'tags none',
      'tags every (id = 1)',
      'tags some (invoices some (orgId = 8))',
      'tags some (invoices every (orgId = 7))',
      'tags none (invoices some (total > 101.07 and total < 101.09))',
      'customer.invoices some (orgId = 8)',
      'customer.invoices every (orgId = 7)',
      'customer.invoices none (title contains eight)',
    ),
  },
);
const filter = fc.oneof(
  term,
  fc.tuple(term, of('and', 'or'), term).map(([one, word, two]) => `${one} ${word} ${two}`),
  term.map((one) => `not (${one})`),
);

/** Any question whose answer could tell what another tenant has. */
const question: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(
    of('find_records'),
    fc.record(
      {
        model: of('Invoice'),
        filter,
        fields: of('title, customer.name', 'id, total, customer.orgId', '*', 'customer.email, title'),
        include: of('tags(name)', 'customer(name, orgId)', 'tags'),
        order_by: of('total desc', 'customer.name', 'customer.id desc, title', 'customer.orgId, status desc'),
        limit: of(1, 3, 100),
        total: fc.boolean(),
      },
      { requiredKeys: ['model'] },
    ),
  ),
  fc.tuple(
    of('find_records'),
    fc.record(
      {
        model: of('Tag', 'Customer', 'Paid'),
        filter: of(
          'invoices some (orgId = 8)',
          'invoices every (orgId = 7)',
          'invoices none (title contains eight)',
          'id = 3',
          "name = 'eight customer 1'",
          "name = 'eight costumer 1'",
          "title contains 'eight'",
        ),
        include: of('invoices(title, total)', 'invoices(customer.name)'),
        order_by: of('name desc', 'id', 'title'),
        limit: of(1, 100),
        total: fc.boolean(),
      },
      { requiredKeys: ['model'] },
    ),
  ),
  fc.tuple(of('count_records'), fc.record({ model: of('Invoice'), filter })),
  fc.tuple(
    of('count_records'),
    fc.record({ model: of('Tag', 'Customer', 'Paid'), filter: of('id > 0', 'id != 3', 'not (id = 2)') }),
  ),
  fc.tuple(
    of('aggregate_records'),
    fc.record(
      {
        model: of('Invoice'),
        metrics: of(
          'count',
          'count, count(distinct orgId)',
          'count, min(total), max(total), sum(total), avg(total)',
          'count, min(customer.name), max(customer.name), count(customer.id)',
          'count, max(title), min(id)',
        ),
        group_by: of('status', 'customer.name', 'orgId', 'customer.orgId, status', 'title'),
        filter,
        having: of('count > 1', 'count < 90', 'max_total > 200', "max_customer_name >= 'eight'"),
        order_by: of('count desc', 'max_total', 'title desc'),
        limit: of(1, 50),
      },
      { requiredKeys: ['model', 'metrics'] },
    ),
  ),
  fc.tuple(
    of('get_record'),
    fc.record(
      {
        model: of('Invoice', 'Customer', 'Paid'),
        key: fc.oneof(
          fc.integer({ min: 0, max: 300 }).map(String),
          of('id = 101', 'orgId = 8', 'name = eight', 'x', '99999999999'),
        ),
        include: of('tags', 'customer', 'invoices(title)'),
      },
      { requiredKeys: ['model', 'key'] },
    ),
  ),
  of<Call>(
    ['describe_models', {}],
    ['describe_models', { search: 'eight' }],
    ['describe_models', { model: 'Invoice' }],
    ['describe_models', { model: 'Customer' }],
    ['describe_models', { model: 'Tag' }],
  ),
);
