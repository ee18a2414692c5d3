import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startVault } from './vault/vault.js';
import type { RecordsAnswer, Zoo } from './zoo/zoo.js';

/** What a caller sees of an answer, but for cursors, which are sealed anew each time. */
const visible = ({ text, error, data }: RecordsAnswer) => ({
  error,
  text: text.replace(/"?next_cursor"?: ?\S+/, 'next_cursor'),
  data: { ...data, next_cursor: typeof data.next_cursor },
});

/** Each way to name a field. `?` stands for its name. */
const WAYS: [way: string, tool: string, args: Record<string, unknown>][] = [
  ['select', 'find_records', { model: 'Person', fields: '?' }],
  ['select over a relation', 'find_records', { model: 'Order', fields: 'id, person.?' }],
  ['select one record', 'get_record', { model: 'Person', key: '1', fields: '?' }],
  ['include', 'find_records', { model: 'Order', include: 'person(id, ?)' }],
  ['filter', 'find_records', { model: 'Person', filter: '? is null' }],
  ['filter in JSON', 'find_records', { model: 'Person', filter: '[{"field":"?","op":"is_null"}]' }],
  ['filter over a relation', 'find_records', { model: 'Order', filter: 'person.? is null' }],
  [
    'filter of related records',
    'find_records',
    { model: 'Person', filter: 'orders some (person.? is null)' },
  ],
  ['order', 'find_records', { model: 'Person', order_by: '? desc' }],
  ['order over a relation', 'find_records', { model: 'Order', order_by: 'person.?' }],
  ['count', 'count_records', { model: 'Person', filter: '? is not null' }],
  ['count with a page', 'find_records', { model: 'Person', filter: '? is not null', total: true }],
  ['group', 'aggregate_records', { model: 'Person', metrics: 'count', group_by: '?' }],
  ['group over a relation', 'aggregate_records', { model: 'Order', metrics: 'count', group_by: 'person.?' }],
  ['aggregate', 'aggregate_records', { model: 'Person', metrics: 'max(?)' }],
  ['distinct', 'aggregate_records', { model: 'Person', metrics: 'count(distinct ?)' }],
  ['having', 'aggregate_records', { model: 'Person', metrics: 'max(?)', having: 'max_? is not null' }],
];

const HIDDEN = [
  ['that a mark hides', 'wage'],
  ['that is a hidden key', 'badge'],
  ['whose name looks secret', 'passwordHash'],
  ['of bytes', 'picture'],
  ['of JSON', 'extra'],
  ['that the database makes of a hidden one', 'wageText'],
  ['that the database makes of a hidden one of an odd name', 'oddCopy'],
  ['that the database makes of a masked one', 'phoneText'],
  ['that its author ignores', 'ignored'],
  ['that the database makes of an ignored one', 'ignoredText'],
  ['that leads to a model that is not exposed', 'diary'],
  ["that leads to a model of another's scope", 'salaries'],
] as const;

const naming = (args: Record<string, unknown>, name: string) =>
  Object.fromEntries(
    Object.entries(args).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replaceAll('?', name) : value,
    ]),
  );

const completeModels = ({ steward }: Zoo) =>
  steward.client.complete({
    ref: { type: 'ref/prompt', name: 'explore' },
    argument: { name: 'model', value: '' },
  });

const perhaps = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

describe('what is hidden', () => {
  let vault: Zoo;
  /** Its schema never had what the other hides. */
  let without: Zoo;
  beforeAll(async () => {
    [vault, without] = await Promise.all([startVault(), startVault({ secret: 3, hiding: false })]);
  });
  afterAll(() => Promise.all([vault.stop(), without.stop()]));

  async function expectAbsent(tool: string, args: Record<string, unknown>): Promise<RecordsAnswer> {
    const [hidden, absent] = await Promise.all([vault.call(tool, args), without.call(tool, args)]);
    expect(visible(hidden)).toEqual(visible(absent));
    return hidden;
  }

  describe.each(HIDDEN)('a field %s', (_kind, name) => {
    it.each(WAYS)('is absent to %s', async (_way, tool, args) => {
      expect((await vault.call(tool, naming(args, 'city'))).error).toBeUndefined();
      const { error, text } = await expectAbsent(tool, naming(args, name));
      expect(error).toBe('VALIDATION');
      expect(text).toContain(`has no field '${name}'`);
    });

    it('is absent to get_record as a key', async () => {
      const { text } = await expectAbsent('get_record', { model: 'Person', key: `${name} = 'badge-2'` });
      expect(text).toBe('VALIDATION: key: Person is named by id.');
    });

    it('is in no description, and no search for models finds it', async () => {
      await expectAbsent('describe_models', { model: 'Person' });
      expect((await expectAbsent('describe_models', { search: name })).data.models.rows).toEqual([]);
    });

    it('is never suggested', async () => {
      const typed = `${name.slice(0, -1)}x`;
      const { text } = await expectAbsent('find_records', { model: 'Person', fields: typed });
      expect(text).not.toContain('Did you mean');
    });
  });

  it.each([
    ['that is not exposed', 'Diary'],
    ['of another scope', 'Salary'],
  ])('a model %s is absent', async (_kind, model) => {
    const calls: [string, Record<string, unknown>][] = [
      ['find_records', { model }],
      ['get_record', { model, key: '1' }],
      ['count_records', { model }],
      ['aggregate_records', { model, metrics: 'count' }],
      ['describe_models', { model }],
      ['describe_models', { model: `zoo.${model}` }],
      ['find_records', { model: `${model.slice(0, -1)}x` }],
      ['find_records', { model: 'Person', filter: `${model === 'Diary' ? 'diary' : 'salaries'} none ()` }],
    ];
    for (const [tool, args] of calls) expect((await expectAbsent(tool, args)).error).toBe('VALIDATION');
    await expectAbsent('describe_models', {});
    expect(await completeModels(vault)).toEqual(await completeModels(without));
    expect((await completeModels(vault)).completion.values).toEqual(['Person', 'Order', 'Slip']);
  });

  it('a model is there for a caller who has its scope', async () => {
    const finance = await startVault({ scopes: ['records:read', 'finance'] });
    try {
      expect((await finance.call('count_records', { model: 'Salary' })).data.count).toBe(9);
      expect(await finance.find('Person', 'salaries some (amount > 16)')).toEqual([9]);
    } finally {
      await finance.stop();
    }
  });

  it('a JSON field has no paths, visible or hidden', async () => {
    for (const name of ['details', 'extra']) {
      const { error } = await vault.call('find_records', { model: 'Person', filter: `${name}.size = 1` });
      expect(error).toBe('VALIDATION');
    }
    await expectAbsent('find_records', { model: 'Person', filter: 'extra.a = 1' });
    await expectAbsent('aggregate_records', { model: 'Person', metrics: 'count', group_by: 'extra.a' });
  });

  it('a hidden key breaks no ties and makes no pages', async () => {
    const { data } = await vault.call('find_records', { model: 'Slip', limit: 3, order_by: 'text' });
    expect([data.more, data.next_cursor]).toEqual([true, null]);
    expect(data.notes.join()).toContain('no visible key');
    expect((await vault.call('get_record', { model: 'Slip', key: '2' })).text).toContain('no visible key');
  });

  it('an index on a hidden field is not described, nor its part of another', async () => {
    const { data } = await vault.call('describe_models', { model: 'Person' });
    expect(data.indexed.split(', ').toSorted()).toEqual(['city', 'id']);
  });

  it('a statement that fails is told in words that name no column and no value', async () => {
    await vault.database.query('ALTER TABLE "Person" RENAME COLUMN wage TO earnings');
    await vault.database.query('ALTER TABLE "Person" RENAME COLUMN name TO full_name');
    try {
      expect((await vault.call('find_records', { model: 'Person', fields: 'id' })).error).toBeUndefined();
      const { error, text } = await vault.call('find_records', { model: 'Person', filter: "name = 'Ada'" });
      expect(error).toBe('SCHEMA_CHANGED');
      expect(text).not.toMatch(/name|column|Ada|wage|Person/);
    } finally {
      await vault.database.query('ALTER TABLE "Person" RENAME COLUMN full_name TO name');
      await vault.database.query('ALTER TABLE "Person" RENAME COLUMN earnings TO wage');
    }
  });

  it('a view keeps what its author hides under another name only if that is hidden, too', async () => {
    const { data } = await vault.call('find_records', { model: 'Person', filter: 'id = 1' });
    expect(data.records.columns).toEqual(['id', 'name', 'city', 'phone']);
    expect(data.records.rows).toEqual([[1, 'Bob', 'Rome', '***']]);
  });
});

describe('a masked field', () => {
  let vault: Zoo;
  beforeAll(async () => void (vault = await startVault()));
  afterAll(() => vault.stop());

  it('is *** for every record, those without a value included', async () => {
    const missing = await vault.database.query('SELECT id FROM "Person" WHERE phone IS NULL');
    expect(missing.length).toBeGreaterThan(0);
    expect(new Set(await vault.find('Person', undefined, 'phone'))).toEqual(new Set(['***']));
    const { data } = await vault.call('find_records', {
      model: 'Order',
      fields: 'person.phone',
      include: 'person(phone)',
    });
    expect(new Set(data.records.rows.flat(3))).toEqual(new Set(['***']));
  });

  it.each(WAYS.filter(([way]) => !/^(select|include)/.test(way)))(
    'is no use to %s',
    async (_way, tool, args) => {
      const { error, text } = await vault.call(tool, naming(args, 'phone'));
      expect(error).toBe('VALIDATION');
      expect(text).toContain("'phone' is masked: it can be selected, and nothing else.");
    },
  );

  it('is no key', async () => {
    const { text } = await vault.call('get_record', { model: 'Person', key: "phone = '555-2'" });
    expect(text).toBe('VALIDATION: key: Person is named by id.');
  });
});

describe('a cursor', () => {
  let vault: Zoo;
  const question = { model: 'Person', order_by: 'city', limit: 2, filter: 'id > 0' };
  beforeAll(async () => void (vault = await startVault()));
  afterAll(() => vault.stop());

  it('holds nothing that can be read', async () => {
    const { data } = await vault.call('find_records', question);
    const bytes = Buffer.from(data.next_cursor ?? '', 'base64url').toString('latin1');
    expect(bytes).not.toMatch(/Bonn|city|id/);
  });

  it.each([
    ['model', { model: 'Order', order_by: 'id' }],
    ['filter', { filter: 'id > 1' }],
    ['order', { order_by: 'city desc' }],
    ['zone', { time_zone: 'Europe/Berlin' }],
  ])('is for one %s', async (_what, change) => {
    const { data } = await vault.call('find_records', question);
    const cursor = data.next_cursor;
    expect((await vault.call('find_records', { ...question, cursor })).error).toBeUndefined();
    expect((await vault.call('find_records', { ...question, cursor, ...change })).error).toBe('VALIDATION');
  });

  it('is for one caller', async () => {
    const { data } = await vault.call('find_records', question);
    const other = await startVault({ env: { STEWARD_CALLER: 'other' } });
    const same = await startVault();
    try {
      const cursor = data.next_cursor;
      expect((await same.call('find_records', { ...question, cursor })).error).toBeUndefined();
      expect((await other.call('find_records', { ...question, cursor })).error).toBe('VALIDATION');
    } finally {
      await Promise.all([other.stop(), same.stop()]);
    }
  });
});

describe('min_group', () => {
  let vault: Zoo;
  beforeAll(async () => void (vault = await startVault({ models: { Person: { min_group: 3 } } })));
  afterAll(() => vault.stop());

  it.each([
    [
      'groups',
      { group_by: 'name' },
      [
        ['Bob', 3],
        ['Cyd', 3],
      ],
    ],
    ['all records', { filter: 'id <= 2' }, []],
    ['enough records', { filter: 'id <= 3' }, [[3]]],
  ])('keeps small groups from being shown: %s', async (_what, args, groups) => {
    const { data } = await vault.call('aggregate_records', { model: 'Person', metrics: 'count', ...args });
    expect(data.groups.rows).toEqual(groups);
    expect(data.notes).toContain('Groups of fewer than 3 rows are not shown.');
  });

  it('withholds what fewer rows of a group have a value for, from conditions on the answer, too', async () => {
    const question = {
      model: 'Person',
      metrics: 'count, count(city), count(distinct city), max(city)',
      group_by: 'name',
    };
    const { data } = await vault.call('aggregate_records', question);
    expect(data.groups.rows).toEqual(['Bob', 'Cyd'].map((name) => [name, 3, null, null, null]));
    for (const having of ['count_city = 2', 'max_city >= A', 'count_distinct_city > 0']) {
      const found = await vault.call('aggregate_records', { ...question, having });
      expect(found.data.groups.rows).toEqual([]);
    }
  });

  it('counts the records that a relation leads to, however many rows lead there', async () => {
    const orders = { model: 'Order', metrics: 'count, max(person.name)' };
    const { data } = await vault.call('aggregate_records', { ...orders, group_by: 'person.name' });
    expect(data.groups.rows).toEqual([
      ['Bob', 7, 'Bob'],
      ['Cyd', 8, 'Cyd'],
    ]);
    expect(data.notes).toContain('Groups of fewer than 3 of person are not shown.');
    const ada = await vault.call('aggregate_records', { ...orders, filter: 'person.name = Ada' });
    expect(ada.data.groups.rows).toEqual([]);
  });
});

describe('two databases that differ only in what is hidden and masked', () => {
  let one: Zoo;
  let two: Zoo;
  beforeAll(async () => {
    [one, two] = await Promise.all([startVault({ secret: 2 }), startVault({ secret: 5 })]);
  });
  afterAll(() => Promise.all([one.stop(), two.stop()]));

  // Calls of names that are visible get furthest, and those of masked ones are what might tell the most.
  const field = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('id', 'name', 'city') },
    { weight: 2, arbitrary: fc.constant('phone') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...HIDDEN.map(([, name]) => name),
        'details',
        'orders',
        'person.phone',
        'person.city',
        'total',
        'number',
        'strange',
        'zzz',
        '`wage`',
      ),
    },
  );
  const value = fc.constantFrom('1', '3', "'Ada'", 'Bonn', 'badge-2', "'555-4'", 'null', "'[1]'", 'now-7d');
  const term = fc.oneof(
    fc
      .tuple(field, fc.constantFrom('=', '!=', '<', '>=', 'contains', 'has'), value)
      .map((parts) => parts.join(' ')),
    field.map((name) => `${name} is null`),
    fc
      .tuple(fc.constantFrom('orders', 'diary', 'salaries'), fc.constantFrom('some', 'none', 'every'), field)
      .map(([relation, quantifier, name]) => `${relation} ${quantifier} (${name} is not null)`),
  );
  const filter = fc.array(term, { minLength: 1, maxLength: 2 }).map((terms) => terms.join(' or '));
  const model = fc.constantFrom('Person', 'Person', 'Person', 'Person', 'Order', 'Slip', 'Diary', 'Salary');
  const list = fc.array(field, { minLength: 1, maxLength: 3 }).map((names) => names.join(', '));
  const call = fc.oneof(
    fc.record({
      tool: fc.constant('find_records'),
      args: fc.record({
        model,
        filter: perhaps(filter),
        fields: perhaps(list),
        order_by: perhaps(field),
        include: perhaps(field),
        limit: fc.constantFrom(2, 20),
        total: fc.boolean(),
      }),
    }),
    fc.record({
      tool: fc.constant('aggregate_records'),
      args: fc.record({
        model,
        metrics: fc
          .tuple(fc.constantFrom('count', 'max', 'sum', 'count distinct'), field)
          .map(([name, of]) =>
            name === 'count'
              ? 'count'
              : name === 'count distinct'
                ? `count(distinct ${of})`
                : `${name}(${of})`,
          ),
        group_by: perhaps(field),
        filter: perhaps(filter),
      }),
    }),
    fc.record({ tool: fc.constant('count_records'), args: fc.record({ model, filter }) }),
    fc.record({
      tool: fc.constant('get_record'),
      args: fc.record({
        model,
        key: fc.oneof(
          value,
          fc.tuple(field, value).map(([name, of]) => `${name} = ${of}`),
        ),
      }),
    }),
    fc.record({
      tool: fc.constant('describe_models'),
      args: fc.record({ model: perhaps(model), search: perhaps(field) }),
    }),
  );

  it('give the same answers to any sequence of calls', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 4 }), async (calls) => {
        for (const { tool, args } of calls) {
          let cursors: (string | null | undefined)[] = [undefined, undefined];
          do {
            const [left, right] = await Promise.all(
              [one, two].map((zoo, at) =>
                zoo.call(tool, cursors[at] === undefined ? args : { ...args, cursor: cursors[at] }),
              ),
            );
            if (!left || !right) throw new Error('No answer');
            if (left.error === undefined) answered++;
            expect(left.error).not.toBe('INTERNAL');
            expect(visible(left)).toEqual(visible(right));
            cursors = [left.data.next_cursor, right.data.next_cursor];
          } while (typeof cursors[0] === 'string');
        }
      }),
      { numRuns: 200, seed: 20261129 },
    );
    expect(answered).toBeGreaterThan(100);
  }, 120_000);
});
