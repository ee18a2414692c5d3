import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRedaction } from '../../src/records/redact.js';
import { readPrismaSchema } from '../../src/records/model/prisma/read-schema.js';
import { eventually } from '../support/eventually.js';
import { parseExposition } from '../support/exposition.js';
import { HttpSteward } from '../support/http.js';
import { OtlpCollector } from '../support/otlp-collector.js';
import { startVault } from './vault/vault.js';

const SCHEMA =
  'datasource db {\n  provider = "postgresql"\n}\nmodel Thing {\n  id Int @id\n  name String\n}\n';
const redact = createRedaction([readPrismaSchema([{ name: 'schema.prisma', text: SCHEMA }])]);
const shape = (filter: unknown) => redact({ model: 'Thing', filter })['filter'];

it('the log keeps no value of a filter, be it a name, a keyword, any text', () => {
  const value = fc.oneof(
    fc.constantFrom('name', 'and', 'Thing', 'max', "a' or b = '"),
    fc.string({ minLength: 1 }),
  );
  fc.assert(
    fc.property(value, value, (one, other) => {
      const [a, b] = [one, other].map((text) => `'${text.replaceAll("'", "''")}'`);
      expect(shape(`name = ${a} and not (name in (${b}) or id is null)`)).toBe(
        'name = ? and not (name in (?) or id is null)',
      );
      expect(shape([{ field: 'name', op: 'eq', value: one }])).toBe('name = ?');
      expect(redact({ model: 'Thing', key: a, cursor: b, search: one })).toEqual({
        model: 'Thing',
        key: '[redacted]',
        cursor: '[redacted]',
        search: '[redacted]',
      });
    }),
    { numRuns: 300 },
  );
});

it('the log keeps no word that the schema does not hold', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{4,12}$/), (word) => {
      fc.pre(
        !['name', 'asc', 'desc', 'count', 'distinct', 'hour', 'week', 'month', 'quarter', 'year'].includes(
          word,
        ),
      );
      for (const argument of [
        'model',
        'fields',
        'order_by',
        'metrics',
        'group_by',
        'include',
        'filter',
        'time_zone',
      ])
        expect(redact({ [argument]: `${word}, name.${word} desc` })[argument]).not.toContain(word);
    }),
  );
});

it('metrics count calls by model, exposed models only', async () => {
  const vault = await startVault();
  const http = await HttpSteward.start({
    ...vault.database.env,
    ...vault.env,
    METRICS_TOKEN: 'a-token-for-prometheus',
  });
  try {
    for (const model of ['Person', 'zoo.Person', 'Diary', 'no such model'])
      await http.call('count_records', { model });
    const { text } = await http.send({
      method: 'GET',
      path: '/metrics',
      headers: { authorization: 'Bearer a-token-for-prometheus' },
    });
    const samples = parseExposition(text).get('steward_calls_total')?.samples ?? [];
    expect(samples.map(({ labels, value }) => [labels['model'], labels['outcome'], value])).toEqual([
      ['Person', 'OK', 2],
      [undefined, 'VALIDATION', 2],
    ]);
  } finally {
    await http.stop();
    await vault.stop();
  }
});

it('spans tell the model, exposed models only, and hold no value of a filter or of a row', async () => {
  const vault = await startVault();
  const collector = await OtlpCollector.start();
  const http = await HttpSteward.start({
    ...vault.database.env,
    ...vault.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '20',
  });
  try {
    // The view turns each name into a number, which fails with the name in PostgreSQL's words.
    await vault.database.query(`ALTER TABLE "Person" RENAME TO people`);
    const columns = await vault.database.query<{ name: string }>(
      `SELECT quote_ident(attname) AS name FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0`,
    );
    const listed = columns.map(({ name }) => name).join(', ');
    const failing = `SELECT ${listed} FROM people WHERE ('471147114 is no number ' || id)::int > 0`;
    await vault.database.query(`CREATE VIEW "Person" AS ${failing}`);
    const failed = await http.call('count_records', { model: 'Person', filter: 'id != 48151623' });
    expect(JSON.stringify(failed.json)).toContain('SCHEMA_CHANGED');
    await http.call('count_records', { model: 'Diary' });
    const calls = () => collector.spans.filter(({ name }) => name === 'tools/call count_records');
    await eventually(() => calls().length === 2);
    expect(calls().map(({ attributes }) => attributes['steward.model'])).toEqual(['Person', undefined]);
    await http.stop();
    const sent = collector.requests.map(({ body }) => body).join('');
    expect(sent + http.stderr()).not.toMatch(/48151623|471147114|is no number/);
  } finally {
    await http.stop();
    await collector.stop();
    await vault.stop();
  }
});

it('the log of a resource has its model, and not the key of the record', async () => {
  const vault = await startVault();
  try {
    const uri = 'records://models/Person/records/id%20%3D%20471147114';
    await vault.steward.client.readResource({ uri }).catch(() => {});
    const line = await eventually(() => vault.steward.log().find(({ kind }) => kind === 'resource'));
    expect(line).toMatchObject({
      capability: 'records://models/{model}/records/{key}',
      outcome: 'NOT_FOUND',
      arguments: { model: 'Person', key: '[redacted]' },
    });
    expect(vault.steward.stderr()).not.toContain('471147114');
  } finally {
    await vault.stop();
  }
});
