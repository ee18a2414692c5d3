import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { steward as runSteward } from '../support/command.mjs';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { parseExposition } from '../support/exposition.js';
import { bearing, codeOf, HttpSteward } from '../support/http.js';
import { startSteward, withoutCursor, type Steward } from '../support/steward.js';
import type { RecordsAnswer } from './zoo/zoo.js';

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

enum Mood {
  CALM
  WILD
}

/// @mcp.expose
model Person {
  id     BigInt    @id
  name   String    @unique
  mood   Mood?
  moods  Mood[]
  age    Int?
  height Decimal?
  alive  Boolean   @default(true)
  born   DateTime? @db.Date
  seen   DateTime  @db.Timestamptz(6)
  token  String?
  /// @mcp.mask
  nick   String?
  teamId Int?
  team   Team?     @relation(fields: [teamId], references: [id])
}

/// @mcp.expose
/// @mcp.scope("teams")
model Team {
  id     Int      @id
  name   String
  people Person[]
}

/// @mcp.expose
/// @mcp.scope("notes")
model Note {
  id Int @id
}

/// What PostgreSQL was sent.
/// @mcp.expose
model Statement {
  id    Int    @id
  name  String
  text  String
}
`;

/** Values that would be another filter, or another statement, if they were ever text of one. */
const HOSTILE = [
  "O'Hara",
  "' or 1=1",
  "' or 1=1 --",
  "x' or name != 'x",
  '"; drop table "Person"; --',
  'a, b',
  'a) or (id > 0',
  '`name`',
  '`',
  ':other',
  ':name',
  'null',
  'not null',
  'and',
  'true',
  'now-7d',
  '%',
  '_',
  '\\',
  '$1',
  '${name}',
  '  two  spaces ',
  'line\nbreak',
  '[{"field":"id","op":"gt","value":0}]',
  'ünï — 漢字 😀',
  '',
];

const TABLES = `
  CREATE TYPE "Mood" AS ENUM ('CALM', 'WILD');
  CREATE TABLE "Team" (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "Person" (id bigint PRIMARY KEY, name text NOT NULL UNIQUE, mood "Mood", moods "Mood"[], age int, height numeric,
    alive boolean NOT NULL DEFAULT true, born date, seen timestamptz(6) NOT NULL, token text, nick text, "teamId" int REFERENCES "Team");
  INSERT INTO "Team" VALUES (1, 'Red'), (2, 'Blue'), (3, repeat('x', 600));
  INSERT INTO "Person" (id, name, mood, moods, age, height, alive, born, seen, "teamId")
    SELECT n, 'person ' || n, (ARRAY['CALM', 'WILD', NULL])[1 + n % 3]::"Mood", ARRAY[(ARRAY['CALM', 'WILD'])[1 + n % 2]]::"Mood"[],
      n % 7, n * 0.25, n % 4 > 0, date '2000-01-01' + n * 40, timestamptz '2026-01-01 12:00:00+00' + n * interval '3 days', 1 + n % 2
    FROM generate_series(1, 50) n;
  INSERT INTO "Person" (id, name, height, seen, "teamId") VALUES (9007199254740993, 'far', 12345678901234567.89, 'infinity', 3);
  INSERT INTO "Person" (id, name, seen) VALUES ${HOSTILE.map((name, at) => `(${100 + at}, ${quote(name)}, '2020-01-01')`).join(', ')};
  CREATE TABLE "Note" (id int PRIMARY KEY);
  CREATE VIEW "Statement" AS SELECT id::int AS id, name, current_query() AS text FROM "Person" WHERE id < 1000;
`;

const text = (description = 'a text', more: object = {}) => ({ type: 'string', description, ...more });
const of = (type: string, more: object = {}) => ({ type, description: `a ${type}`, ...more });

const QUESTIONS = {
  people_called: {
    description: 'People of a name',
    find: { model: 'Person', filter: 'name = :name', fields: 'id, name' },
    parameters: { name: text('The whole name') },
  },
  people_of_mood: {
    title: 'People by mood',
    description: 'People of a mood who were seen lately',
    find: {
      model: 'Person',
      filter: 'mood = :mood and seen >= :since and alive = :alive and age in (:age, 3, :other)',
      fields: 'id, mood, age',
      include: 'team(name)',
      order_by: 'seen desc',
      limit: 3,
      total: true,
    },
    parameters: {
      mood: text('How they are'),
      since: of('datetime', { default: '2026-02-01T00:00Z' }),
      alive: of('boolean', { default: true }),
      age: of('integer'),
      other: of('integer', { default: 5 }),
    },
  },
  everybody: { description: 'All people', find: { model: 'Person', fields: 'id', filter: 'id < 100' } },
  name_holds: {
    description: 'People whose name holds a text',
    count: { model: 'Person', filter: 'name contains :part or name starts with :part' },
    parameters: { part: text() },
  },
  born_on: {
    description: 'How many were born since',
    count: { model: 'Person', filter: 'born >= :day or height > :height', time_zone: 'Europe/Berlin' },
    parameters: { day: of('date'), height: of('number', { default: 1000000.5 }) },
  },
  one_of_two: {
    description: 'How many have one of two names, or the text that looks like a parameter',
    count: { model: 'Person', filter: "name in (:one, :two) or name = ':one' or not (name != :two)" },
    parameters: { one: text(), two: text() },
  },
  liked: {
    description: 'How many like a mood',
    count: { model: 'Person', filter: 'moods has :mood' },
    parameters: { mood: text() },
  },
  person: {
    description: 'A person',
    get: { model: 'Person', key: ':id', fields: 'name, height' },
    parameters: { id: of('integer') },
  },
  person_called: {
    description: 'A person by name',
    get: { model: 'Person', key: 'name = :name', fields: 'id' },
    parameters: { name: text() },
  },
  months: {
    description: 'How many were seen in each month',
    aggregate: {
      model: 'Person',
      metrics: 'count, max(age)',
      group_by: 'month(seen), mood',
      filter: 'id < 100',
      having: 'count >= :least and month_seen != :month and mood = :mood',
    },
    parameters: { least: of('integer'), month: text('as 2026-05'), mood: text() },
  },
  of_team: {
    description: 'How many are in a team',
    count: { model: 'Person', filter: 'team.name = :team' },
    parameters: { team: text() },
  },
  with_team: {
    description: 'People with their team',
    find: { model: 'Person', include: 'team(name)', order_by: 'id desc' },
  },
  teams_of: {
    description: 'Teams with somebody of an age',
    count: { model: 'Team', filter: 'people some (age = :age)' },
    parameters: { age: of('integer') },
  },
  sent: {
    description: 'The statement',
    find: { model: 'Statement', filter: 'name = :name or id = 1', fields: 'text', limit: 1 },
    parameters: { name: text() },
  },
  record: {
    description: 'Called as a resource is',
    count: { model: 'Person', filter: 'name = :key' },
    parameters: { key: text() },
  },
  shadows: {
    description: 'Parameters that are called as arguments are',
    count: { model: 'Person', filter: 'name = :model or name = :filter or name = :total or age = :page' },
    parameters: { model: text(), filter: text(), total: text(), page: of('integer') },
  },
};

let folder: string;
let database: TestDatabase;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'steward-questions-'));
  await writeFile(path.join(folder, 'schema.prisma'), SCHEMA);
  database = await freshDatabase();
  url =
    database.administration['DATABASE_URL'] ??
    (await runSteward(['database-url'], database.env)).stdout.trim();
  await database.query(TABLES);
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

let files = 0;

async function configure(content: Record<string, unknown>, names = ['crowd']): Promise<string> {
  const file = path.join(folder, `steward-${++files}.config.json`);
  const section = { schema: 'schema.prisma', url: 'env:CROWD_URL' };
  const databases = Object.fromEntries(names.map((name) => [name, section]));
  await writeFile(file, JSON.stringify({ databases, ...content }));
  return file;
}

const settings = (STEWARD_CONFIG: string) => ({
  STEWARD_CONFIG,
  CROWD_URL: url,
  RATE_LIMIT_PER_MINUTE: '1000000',
});

async function serve<Result>(
  content: Record<string, unknown>,
  look: (steward: Steward) => Promise<Result>,
  names?: string[],
): Promise<Result> {
  const steward = await startSteward({ database, env: settings(await configure(content, names)) });
  try {
    return await look(steward);
  } finally {
    await steward.stop();
  }
}

const toolsOf = async ({ client }: Steward) => (await client.listTools()).tools;
const namesOf = async (steward: Steward) => (await toolsOf(steward)).map(({ name }) => name);

describe('a saved question', () => {
  let steward: Steward;
  beforeAll(async () => {
    const env = settings(await configure({ questions: QUESTIONS }));
    steward = await startSteward({ database, env });
  });
  afterAll(() => steward.stop());

  const call = async (tool: string, args: Record<string, unknown> = {}) =>
    (await steward.call(tool, args)) as unknown as RecordsAnswer;
  const count = async (tool: string, args: Record<string, unknown>) => {
    const { data, error, text: said } = await call(tool, args);
    if (error !== undefined) throw new Error(said);
    return data.count;
  };
  const named = async (name: string) => {
    const found = (await toolsOf(steward)).find((tool) => tool.name === name);
    if (!found) throw new Error(`No tool ${name}`);
    return found;
  };

  it('is listed after the five tools, with its parameters as a schema that every client reads', async () => {
    expect(await namesOf(steward)).toEqual([
      'describe_models',
      'find_records',
      'get_record',
      'count_records',
      'aggregate_records',
      ...Object.keys(QUESTIONS),
    ]);
    expect(await named('people_of_mood')).toMatchObject({
      title: 'People by mood',
      description: 'People of a mood who were seen lately',
      annotations: { readOnlyHint: true },
    });
    const { inputSchema } = await named('people_of_mood');
    const [limit, cursor] = [{ default: 3, type: 'integer', minimum: 1, maximum: 100 }, expect.anything()];
    expect(inputSchema).toEqual({
      type: 'object',
      properties: {
        mood: { type: 'string', description: 'How they are', maxLength: 4000, enum: ['CALM', 'WILD'] },
        since: {
          type: 'string',
          description: 'a datetime (2026-05-01T09:00Z, 2026-05-01, or now-7d)',
          maxLength: 4000,
          default: '2026-02-01T00:00Z',
        },
        alive: { type: 'boolean', description: 'a boolean', default: true },
        age: { type: 'integer', description: 'a integer' },
        other: { type: 'integer', description: 'a integer', default: 5 },
        limit,
        cursor,
        csv: { type: 'boolean', description: expect.any(String), default: false },
      },
      required: ['mood', 'age'],
      additionalProperties: false,
    });
  });

  it('has a title of its name, where it says none', async () => {
    expect((await named('name_holds')).title).toBe('Name holds');
  });

  it.each([
    ['everybody', 'find_records'],
    ['person', 'get_record'],
    ['born_on', 'count_records'],
    ['months', 'aggregate_records'],
  ])('%s answers in the form of %s', async (question, tool) => {
    expect((await named(question)).outputSchema).toEqual((await named(tool)).outputSchema);
  });

  it.each<[string, Record<string, unknown>, string, Record<string, unknown>]>([
    [
      'people_of_mood',
      { mood: 'WILD', age: 2, since: '2026-01-10' },
      'find_records',
      {
        model: 'Person',
        filter: 'mood = WILD and seen >= 2026-01-10 and alive = true and age in (2, 3, 5)',
        fields: 'id, mood, age',
        include: 'team(name)',
        order_by: 'seen desc',
        limit: 3,
        total: true,
      },
    ],
    [
      'people_called',
      { name: 'persn 7' },
      'find_records',
      { model: 'Person', filter: "name = 'persn 7'", fields: 'id, name' },
    ],
    [
      'born_on',
      { day: '2004-01-01' },
      'count_records',
      { model: 'Person', filter: 'born >= 2004-01-01 or height > 1000000.5', time_zone: 'Europe/Berlin' },
    ],
    ['liked', { mood: 'calm' }, 'count_records', { model: 'Person', filter: 'moods has CALM' }],
    ['of_team', { team: 'Red' }, 'count_records', { model: 'Person', filter: 'team.name = Red' }],
    ['teams_of', { age: 3 }, 'count_records', { model: 'Team', filter: 'people some (age = 3)' }],
    ['person', { id: 7 }, 'get_record', { model: 'Person', key: '7', fields: 'name, height' }],
    [
      'person_called',
      { name: 'person 9' },
      'get_record',
      { model: 'Person', key: "name = 'person 9'", fields: 'id' },
    ],
    [
      'months',
      { least: 2, month: '2026-02', mood: 'CALM' },
      'aggregate_records',
      {
        model: 'Person',
        metrics: 'count, max(age)',
        group_by: 'month(seen), mood',
        filter: 'id < 100',
        having: 'count >= 2 and month_seen != 2026-02 and mood = CALM',
      },
    ],
  ])('%s %j answers as the plain tool with the value written in', async (question, args, tool, plain) => {
    const [asked, written] = [await call(question, args), await call(tool, plain)];
    expect(asked.error).toBeUndefined();
    expect(withoutCursor(asked.data)).toEqual(withoutCursor(written.data));
  });

  it('has defaults, which null and nothing mean', async () => {
    const given = { mood: 'WILD', age: 2 };
    const { data } = await call('people_of_mood', given);
    expect(data.records.rows.length).toBeGreaterThan(0);
    const filled = { ...given, since: '2026-02-01T00:00Z', alive: true, other: 5, limit: 3 };
    expect((await call('people_of_mood', filled)).data.records).toEqual(data.records);
    expect((await call('people_of_mood', { ...given, since: null, alive: null })).data.records).toEqual(
      data.records,
    );
  });

  it('turns its pages by cursor, each value of its parameters for itself', async () => {
    const ids: unknown[] = [];
    let cursor: string | null = null;
    do {
      const { data } = await call('everybody', { limit: 7, ...(cursor !== null && { cursor }) });
      ids.push(...data.records.rows.flat());
      cursor = data.next_cursor;
    } while (cursor !== null);
    expect(ids).toEqual(Array.from({ length: 50 }, (_, at) => String(at + 1)));
    const args = { mood: 'WILD', age: 2, since: '2026-01-01', limit: 1 };
    const { data } = await call('people_of_mood', args);
    const next = { ...args, cursor: data.next_cursor };
    expect((await call('people_of_mood', next)).error).toBeUndefined();
    expect((await call('people_of_mood', { ...next, age: 4 })).text).toMatch(/^VALIDATION: cursor/);
  });

  it('takes numbers beyond those of JSON as text, to the last digit', async () => {
    const { data } = await call('person', { id: '9007199254740993' });
    expect(data.record.rows).toEqual([
      ['name', 'far'],
      ['height', '12345678901234567.89'],
    ]);
    expect((await call('person', { id: '9007199254740992' })).error).toBe('NOT_FOUND');
    const day = '2099-01-01';
    expect(await count('born_on', { day, height: '12345678901234567.88' })).toBe(1);
    expect(await count('born_on', { day, height: '12345678901234567.89' })).toBe(0);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['people_called', {}, 'name: is missing. Arguments: name, limit, cursor, csv.'],
    ['people_called', { name: null }, 'name: must be a string. Arguments: name, limit, cursor, csv.'],
    ['people_called', { name: ['a'] }, 'name: must be a string. Arguments: name, limit, cursor, csv.'],
    [
      'people_called',
      { name: 'a', filter: 'id > 0' },
      'unknown argument "filter". Arguments: name, limit, cursor, csv.',
    ],
    [
      'people_called',
      { name: 'a', limit: 101 },
      'limit: must be at most 100. Arguments: name, limit, cursor, csv.',
    ],
    [
      'people_called',
      { name: 'x'.repeat(4001) },
      'name: must be at most 4000 characters long. Arguments: name, limit, cursor, csv.',
    ],
    ['person', {}, 'id: is missing. Arguments: id.'],
    [
      'person',
      { id: 9007199254740992 },
      'id: must be text beyond 2^53, since JSON may have rounded it. Arguments: id.',
    ],
    [
      'person',
      { id: 'null' },
      "id: 'id' takes a whole number from -9223372036854775808 to 9223372036854775807, not 'null'.",
    ],
    [
      'person',
      { id: 1.5 },
      "id: 'id' takes a whole number from -9223372036854775808 to 9223372036854775807, not '1.5'.",
    ],
    [
      'person',
      { id: '1 or 1=1' },
      "id: 'id' takes a whole number from -9223372036854775808 to 9223372036854775807, not '1 or 1=1'.",
    ],
    [
      'teams_of',
      { age: 2147483648 },
      "age: 'age' takes a whole number from -2147483648 to 2147483647, not '2147483648'.",
    ],
    ['liked', { mood: 'CALMS' }, "mood: 'moods' is one of CALM, WILD, not 'CALMS'. Did you mean 'CALM'?"],
    [
      'born_on',
      { day: '2026-02-30' },
      "day: 'day' takes a day such as 2026-05-01, or now-7d, not '2026-02-30'.",
    ],
    [
      'born_on',
      { day: '2026-05-01T09:00Z' },
      "day: 'day' takes a day such as 2026-05-01, or now-7d, not '2026-05-01T09:00Z'.",
    ],
    ['born_on', { day: 'now-7d', height: 'tall' }, "height: 'height' takes a decimal number, not 'tall'."],
    [
      'people_of_mood',
      { mood: 'CALM', age: 1, alive: 'yes' },
      'alive: must be true or false. Arguments: mood, since, alive, age, other, limit, cursor, csv.',
    ],
    [
      'people_of_mood',
      { mood: 'CALM', age: 1, since: 'yesterday' },
      "since: 'since' takes a day such as 2026-05-01, a time such as 2026-05-01T09:00Z, or now-7d (min h d w mo y), not 'yesterday'.",
    ],
    ['months', { least: 1, month: 'May', mood: 'CALM' }, "month: Write a month as 2026-05, not 'May'."],
  ])('%s %j is refused, and the parameter named', async (question, args, message) => {
    expect((await call(question, args)).text).toBe(`VALIDATION: ${message}`);
  });

  describe('takes a value as it is', () => {
    it.each(HOSTILE)('%j', async (name) => {
      const { data, error, text: said } = await call('people_called', { name });
      expect(error === undefined ? '' : said).toBe('');
      expect(data.records.rows).toEqual([[String(100 + HOSTILE.indexOf(name)), name]]);
      expect((await call('person_called', { name })).data.record.rows).toEqual([
        ['id', String(100 + HOSTILE.indexOf(name))],
      ]);
      const holding = HOSTILE.filter((one) => one.toLowerCase().includes(name.toLowerCase())).length;
      const others = [...Array(50).keys()].filter((at) => `person ${at + 1}`.includes(name)).length;
      expect(await count('name_holds', { part: name })).toBe(holding + others + Number('far'.includes(name)));
    });

    it('in a list, where one that looks like a parameter is none', async () => {
      expect(await count('one_of_two', { one: ':two', two: ':one' })).toBe(0);
      expect(await count('one_of_two', { one: ':other', two: 'a, b' })).toBe(2);
      expect(await count('one_of_two', { one: "x', 'null", two: 'null' })).toBe(1);
    });

    it('and any at all as the plain tool takes it in quotes', async () => {
      const name = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }));
      await fc.assert(
        fc.asyncProperty(name, async (value) => {
          fc.pre(!value.includes('\0'));
          const filter = `name contains ${quote(value)} or name starts with ${quote(value)}`;
          expect(await count('name_holds', { part: value })).toBe(
            await count('count_records', { model: 'Person', filter }),
          );
        }),
        { seed: 12, numRuns: 60 },
      );
    });

    it('and PostgreSQL is sent the same statement for each', async () => {
      const sent = new Set<unknown>();
      for (const name of [...HOSTILE, 'nobody']) {
        const { data } = await call('sent', { name });
        sent.add(data.records.rows[0]?.[0]);
      }
      expect(sent.size).toBe(1);
      expect(String([...sent][0])).toMatch(/^select .*"name" = \$\d/);
    });
  });

  it('leaves no value of a parameter in the log, whatever it is called', async () => {
    const values = { model: 'Person', filter: 'id is null', total: 'secretive', page: 471147114 };
    await call('shadows', values);
    await call('shadows', { ...values, page: 'x471147114', other: 'secretive' });
    await call('people_called', { name: 'secretive', limit: 5 });
    await steward.client.readResource({ uri: 'records://models/Person/records/1' });
    await call('everybody', { cursor: 'secretive' });
    const calls = () => steward.log().filter(({ message }) => message === 'call');
    // Log and answers come by different roads.
    const lines = await eventually(() => {
      const last = JSON.stringify(calls().at(-1)?.['arguments']);
      return last === '{"cursor":"[redacted]"}' ? calls() : undefined;
    });
    const hidden = '[redacted]';
    expect(lines.slice(-5).map((line) => line['arguments'])).toEqual([
      { model: hidden, filter: hidden, total: hidden, page: hidden },
      { model: hidden, filter: hidden, total: hidden, page: hidden },
      { name: hidden, limit: 5 },
      { model: 'Person', key: hidden },
      { cursor: hidden },
    ]);
    expect(steward.stderr()).not.toMatch(/secretive|471147114/);
  });
});

it('a default of the configuration is kept to the last digit', async () => {
  const get = { model: 'Person', key: ':id', fields: 'name' };
  const parameters = { id: of('integer', { default: 'DIGITS' }) };
  const file = await configure({ questions: { far: { description: 'd', get, parameters } } });
  const written = await readFile(file, 'utf8');
  await writeFile(file, written.replace('"DIGITS"', '9007199254740993'));
  const steward = await startSteward({ database, env: settings(file) });
  try {
    const { data } = (await steward.call('far')) as unknown as RecordsAnswer;
    expect(data.record.rows).toEqual([['name', 'far']]);
  } finally {
    await steward.stop();
  }
});

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

it('questions of several databases name their models with the database', async () => {
  const count = { model: 'second.Person', filter: 'id = :id' };
  const questions = { how_many: { description: 'd', count, parameters: { id: of('integer') } } };
  await serve(
    { questions },
    async (steward) => expect((await steward.call('how_many', { id: 1 })).text).toContain('count: 1'),
    ['first', 'second'],
  );
});

it('metrics count a question by the model that it is about', async () => {
  const env = settings(await configure({ questions: QUESTIONS }));
  const http = await HttpSteward.start({ ...database.env, ...env, METRICS_TOKEN: 'a-token-for-prometheus' });
  try {
    const parameters = { model: 'Team', filter: 'a', total: 'b', page: 1 };
    expect(codeOf(await http.call('shadows', parameters))).toBeUndefined();
    const headers = { authorization: 'Bearer a-token-for-prometheus' };
    const metrics = await http.send({ method: 'GET', path: '/metrics', headers });
    const samples = parseExposition(metrics.text).get('steward_calls_total')?.samples ?? [];
    expect(samples.map(({ labels }) => [labels['capability'], labels['model']])).toEqual([
      ['shadows', 'Person'],
    ]);
  } finally {
    await http.stop();
  }
});

describe('the scopes of a question are all that its models need', () => {
  const OF_BOTH = ['people_of_mood', 'of_team', 'with_team', 'teams_of'];
  const ALL = Object.keys(QUESTIONS);
  it.each([
    [['records:read'], ALL.filter((name) => !OF_BOTH.includes(name)), 'teams'],
    [['teams'], [], 'records:read'],
    [['records:read', 'teams'], ALL, undefined],
  ])('with %j', async (scopes, listed, missing) => {
    await serve({ questions: QUESTIONS, caller: { scopes } }, async (steward) => {
      expect((await namesOf(steward)).filter((name) => ALL.includes(name))).toEqual(listed);
      const { error, text: said } = await steward.call('of_team', { team: 'Red' });
      expect(error).toBe(missing && 'FORBIDDEN');
      if (missing !== undefined) expect(said).toContain(`needs the scope ${missing}, which`);
    });
  });

  it('a refusal over HTTP asks for all of them at once', async () => {
    const env = {
      ...database.env,
      ...settings(await configure({ questions: QUESTIONS })),
      AUTH_MODE: 'token',
      AUTH_TOKENS_FILE: path.join(folder, 'tokens.json'),
    };
    const named = ['--name', 'ann', '--scopes', 'notes'];
    const { stdout } = await runSteward(['token', 'create', ...named], env);
    const http = await HttpSteward.start(env);
    try {
      const answer = await http.call('of_team', { team: 'Red' }, bearing(stdout.trim()));
      expect([answer.status, codeOf(answer)]).toEqual([403, 'FORBIDDEN']);
      const challenge = String(answer.headers['www-authenticate']);
      expect(/ scope="([^"]*)"/.exec(challenge)?.[1]?.split(' ').toSorted()).toEqual([
        'notes',
        'records:read',
        'teams',
      ]);
    } finally {
      await http.stop();
    }
  });
});

describe('"tools": "questions"', () => {
  let steward: Steward;
  beforeAll(async () => {
    const env = settings(await configure({ questions: QUESTIONS, tools: 'questions' }));
    steward = await startSteward({ database, env });
  });
  afterAll(() => steward.stop());

  it('lists them and nothing else', async () => {
    const { client } = steward;
    expect(await namesOf(steward)).toEqual(Object.keys(QUESTIONS));
    expect((await client.listResources()).resources).toEqual([]);
    expect((await client.listResourceTemplates()).resourceTemplates).toEqual([]);
    expect((await client.listPrompts()).prompts).toEqual([]);
    expect(client.getInstructions()).not.toMatch(/_records|describe_models|get_record/);
  });

  it('nothing else can be called', async () => {
    for (const name of [
      'describe_models',
      'find_records',
      'get_record',
      'count_records',
      'aggregate_records',
    ])
      expect((await steward.call(name, { model: 'Person', key: 1, metrics: 'count' })).error).toBe(
        'NOT_FOUND',
      );
    await expect(steward.client.readResource({ uri: 'records://models/Person' })).rejects.toThrow(
      'NOT_FOUND',
    );
    await expect(
      steward.client.getPrompt({ name: 'explore', arguments: { model: 'Person' } }),
    ).rejects.toThrow('NOT_FOUND');
  });

  it('answers send nobody to a tool that is not there', async () => {
    expect((await steward.call('person', { id: 0 })).text).toBe(
      'NOT_FOUND: There is no Person with this key.',
    );
    const { text: said } = await steward.call('with_team', { limit: 2 });
    expect(said).toContain('notes: team.name: cut at 500 characters, marked ….\n');
  });
});

const COUNT = { model: 'Person', filter: 'name = :name' };

/** A configuration of one question, `q`. */
const asking = (question: object) => ({ questions: { q: { description: 'd', ...question } } });

describe('a mistake in a question ends the start', () => {
  it.each<[string, Record<string, unknown>, string]>([
    [
      'a field that is not there',
      asking({ find: { model: 'Person', filter: 'nam = 1' } }),
      "questions.q.find.filter: Person has no field 'nam'. Did you mean 'name'? (at character 1)",
    ],
    [
      'a field that is hidden',
      asking({ find: { model: 'Person', fields: 'token' } }),
      "questions.q.find.fields: Person has no field 'token'.",
    ],
    [
      'a model that is not there',
      asking({ find: { model: 'Persn' } }),
      "questions.q.find.model: There is no model 'Persn'. Did you mean 'Person'?",
    ],
    [
      'an unfinished filter',
      asking({ count: { model: 'Person', filter: 'name =' } }),
      'questions.q.count.filter: Expected a value, found the end. (at character 7)',
    ],
    [
      'a wrong metric',
      asking({ aggregate: { model: 'Person', metrics: 'sum(name)' } }),
      "questions.q.aggregate.metrics: There is no sum of 'name', which is String.",
    ],
    [
      'a wrong column of having',
      asking({ aggregate: { model: 'Person', metrics: 'count', having: 'cont > 1' } }),
      "questions.q.aggregate.having: It takes columns of the answer: count; not 'cont'. Did you mean 'count'?",
    ],
    [
      'a key of too many values',
      asking({ get: { model: 'Person', key: '1, 2' } }),
      'questions.q.get.key: Person is named by id or by name; values given: 2.',
    ],
    [
      'a parameter for a name',
      asking({ count: { model: 'Person', filter: ':name = 1' }, parameters: { name: text() } }),
      'questions.q.parameters.name: It is used nowhere. Write :name for a value in filter, having or key.',
    ],
    [
      'a parameter that is not declared',
      asking({ count: COUNT, parameters: { nam: text() } }),
      "questions.q.count.filter: There is no parameter 'name'; a text that begins with a colon needs quotes. Did you mean 'nam'? (at character 8)",
    ],
    [
      'a parameter that is not used',
      asking({ count: COUNT, parameters: { name: text(), mood: text() } }),
      'questions.q.parameters.mood: It is used nowhere.',
    ],
    [
      'a type that the field is not of',
      asking({ count: COUNT, parameters: { name: of('integer') } }),
      "questions.q.parameters.name: It is compared with 'name', which is String; its type is integer.",
    ],
    [
      'a fraction for whole numbers',
      asking({ count: { model: 'Person', filter: 'age > :age' }, parameters: { age: of('number') } }),
      "questions.q.parameters.age: It is compared with 'age', which is Int; its type is number.",
    ],
    [
      'a time for a day',
      asking({ count: { model: 'Person', filter: 'born > :day' }, parameters: { day: of('datetime') } }),
      "questions.q.parameters.day: It is compared with 'born', which is DateTime; its type is datetime. It can be string, date.",
    ],
    [
      'an unknown type',
      asking({ count: COUNT, parameters: { name: of('text') } }),
      'questions.q.parameters.name.type must be one of string, integer, number, boolean, date, datetime',
    ],
    [
      'a default of another type',
      asking({
        count: { model: 'Person', filter: 'age > :age' },
        parameters: { age: of('integer', { default: 'ten' }) },
      }),
      "questions.q.parameters.age: 'age' takes a whole number",
    ],
    [
      'a default that is no value of the enum',
      asking({
        count: { model: 'Person', filter: 'mood = :mood' },
        parameters: { mood: text('m', { default: 'WLD' }) },
      }),
      "questions.q.parameters.mood: 'mood' is one of CALM, WILD, not 'WLD'. Did you mean 'WILD'?",
    ],
    [
      'a default that is text for true or false',
      asking({
        count: { model: 'Person', filter: 'alive = :alive' },
        parameters: { alive: of('boolean', { default: 'true' }) },
      }),
      'questions.q.parameters.alive: Its default is no boolean.',
    ],
    [
      'a default of null',
      asking({ count: COUNT, parameters: { name: text('n', { default: null }) } }),
      'questions.q.parameters.name.default takes text, a number, true or false',
    ],
    [
      'a parameter without a description',
      asking({ count: COUNT, parameters: { name: { type: 'string' } } }),
      'questions.q.parameters.name.description must be text',
    ],
    [
      'a parameter that lists take already',
      asking({ find: { ...COUNT, filter: 'name = :limit' }, parameters: { limit: text() } }),
      'questions.q.parameters.limit: Every list takes limit already.',
    ],
    [
      'a parameter that aggregates take already',
      asking({
        aggregate: { ...COUNT, metrics: 'count', filter: 'name = :csv' },
        parameters: { csv: text() },
      }),
      'questions.q.parameters.csv: Every aggregate takes csv already.',
    ],
    [
      'a cursor in the configuration',
      asking({ find: { model: 'Person', cursor: 'x' } }),
      'questions.q.find.cursor means nothing.',
    ],
    [
      'an argument that is nearly right',
      asking({ find: { model: 'Person', ordr_by: 'id' } }),
      "questions.q.find.ordr_by means nothing. Did you mean 'order_by'?",
    ],
    [
      'a key that is nearly right',
      asking({ count: COUNT, paramters: {} }),
      "questions.q.paramters means nothing. Did you mean 'parameters'?",
    ],
    [
      'two tools at once',
      asking({ count: COUNT, find: { model: 'Person' } }),
      'questions.q must have just one of find, get, count, aggregate',
    ],
    [
      'text that PostgreSQL cannot keep',
      asking({ count: { model: 'Person', filter: "name = 'a\0b'" } }),
      'questions.q: Text must not hold null characters or unpaired surrogates.',
    ],
    [
      'a default that PostgreSQL cannot keep',
      asking({ count: COUNT, parameters: { name: text('n', { default: 'a\ud800' }) } }),
      'questions.q: Text must not hold null characters or unpaired surrogates.',
    ],
    [
      'a description of more than a model reads',
      { questions: { q: { description: 'd'.repeat(1001), count: { model: 'Person' } } } },
      'questions.q.description must be at most 1000 characters long',
    ],
    [
      'a masked field as a filter',
      asking({ count: { model: 'Person', filter: 'nick = :nick' }, parameters: { nick: text() } }),
      "questions.q.count.filter: 'nick' is masked: it can be selected, and nothing else. (at character 1)",
    ],
    [
      'a hidden field as an order',
      asking({ find: { model: 'Person', order_by: 'token' } }),
      "questions.q.find.order_by: Person has no field 'token'.",
    ],
    ['no tool', asking({}), 'questions.q must have just one of find, get, count, aggregate'],
    [
      'no description',
      { questions: { q: { count: { model: 'Person' } } } },
      'questions.q.description must be text',
    ],
    [
      'a name with a space',
      { questions: { 'q q': { description: 'd', count: { model: 'Person' } } } },
      'questions.q q must have a name of letters, digits and _, 40 at most',
    ],
    [
      'the name of a tool',
      { questions: { count_records: { description: 'd', count: { model: 'Person' } } } },
      'questions.count_records: There is a tool of this name. Give it another.',
    ],
    [
      'the name of a tool of the directory',
      { directory: true, questions: { get_user: { description: 'd', count: { model: 'Person' } } } },
      'There are two tools "get_user". Give one of them another name.',
    ],
    [
      'no question to serve',
      { tools: 'questions' },
      '"tools": "questions" serves nothing: there are no "questions".',
    ],
    [
      'the directory beside "tools": "questions"',
      { tools: 'questions', directory: true, ...asking({ count: { model: 'Person' } }) },
      '"tools": "questions" serves nothing else, and "directory" would.',
    ],
  ])('%s', async (_, content, says) => {
    const env = settings(await configure(content));
    const { code, stderr } = await runSteward([], {
      ...env,
      DATABASE_URL: 'postgresql://nowhere.invalid/staff',
    });
    expect(stderr).toContain(says);
    expect(code).toBe(1);
  });

  it.each<[Record<string, unknown>, string]>([
    [asking({ find: { model: 'Persn' } }), "questions.q.find.model: There is no model 'Persn'."],
    [
      { directory: true, questions: { get_user: { description: 'd', count: { model: 'Person' } } } },
      'There are two tools "get_user".',
    ],
    [
      { caller: { scopes: ['teams', 'taems'] } },
      'gives the caller the scope "taems", which nothing here needs.',
    ],
  ])('and doctor says so, too: %j', async (content, says) => {
    const { code, stdout, stderr } = await runSteward(['doctor'], {
      ...settings(await configure(content)),
      DATABASE_URL: 'postgresql://nowhere.invalid/staff',
    });
    expect(stderr).toContain(says);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});
