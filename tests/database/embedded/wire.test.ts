import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { steward } from '../../support/command.mjs';
import { onEmbedded } from '../../support/conditions.js';
import { freshDatabase, type TestDatabase } from '../../support/database.js';

const int32 = (value: number) => Buffer.of(value >> 24, value >> 16, value >> 8, value);
const string = (text: string) => Buffer.from(`${text}\0`);
const HTTP = [Buffer.from('GET / HTTP/1.1\r\n\r\n')];
const SYNC = frame('S');
const FLUSH = frame('H');
const BIND = frame('B', Buffer.alloc(8));
const EXECUTE = frame('E', string(''), int32(0));
const query = (sql: string) => frame('Q', string(sql));
const parse = (name: string, sql: string) => frame('P', string(name), string(sql), Buffer.alloc(2));

function frame(type: string, ...body: Buffer[]): Buffer {
  const bytes = Buffer.concat(body);
  return Buffer.concat([Buffer.from(type), int32(4 + bytes.length), bytes]);
}

onEmbedded('the PostgreSQL protocol of the embedded database (not on a server, which has its own)', () => {
  let database: TestDatabase;
  let url: string;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    database = await freshDatabase();
    await database.query('CREATE TABLE notes (note text)');
    url = (await steward(['database-url'], database.env)).stdout.trim();
  });
  beforeEach(() => database.query('TRUNCATE notes'));
  afterEach(() => Promise.all(closers.splice(0).map((close) => close())));
  afterAll(() => database.drop());

  const connect = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {}); // Its queries fail too, and say more.
    await client.connect();
    closers.push(() => client.end());
    return client;
  };
  const connectRaw = async () => {
    const raw = new RawConnection(path.join(new URL(url).searchParams.get('host') ?? '', '.s.PGSQL.5432'));
    closers.push(() => raw.socket.destroy());
    await once(raw.socket, 'connect');
    return raw;
  };
  const startRaw = async () => {
    const raw = await connectRaw();
    const body = Buffer.concat([int32(196_608), ...['user', 'postgres', ''].map(string)]);
    await raw.ask(int32(4 + body.length), body);
    return raw;
  };
  const notes = async () =>
    (await database.query<{ note: string }>('SELECT note FROM notes')).map((row) => row.note);

  it('gives each of many clients its own answers, also to prepared statements of one name', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, connect));
    for (let round = 0; round < 20; round++) {
      const answers = all.map((client, who) =>
        client.query({ name: 'same', text: `SELECT $1 AS round, ${who} AS who`, values: [`${round}`] }),
      );
      const rows = (await Promise.all(answers)).flatMap((answer) => answer.rows as unknown[]);
      expect(rows).toEqual(all.map((_, who) => ({ round: `${round}`, who })));
    }
  });

  it('takes a batch in two writes, while others ask', async () => {
    const [raw, client] = [await startRaw(), await connect()];
    const first = parse('', "SELECT 'mine'");
    const batch = Buffer.concat([first, BIND, EXECUTE, SYNC]);
    for (const cut of [3, first.length, batch.length - 2]) {
      raw.socket.write(batch.subarray(0, cut));
      expect((await client.query('SELECT $1 AS text', ['other'])).rows).toEqual([{ text: 'other' }]);
      expect(await raw.ask(batch.subarray(cut))).toBe('12D(mine)CZ');
    }
  });

  it('keeps an unnamed statement for a later batch, also while others prepare in between', async () => {
    const [one, two] = [await startRaw(), await startRaw()];
    expect(await one.ask(parse('', "SELECT 'one'"), SYNC)).toBe('1Z');
    expect(await two.ask(parse('', "SELECT 'two'"), SYNC)).toBe('1Z');
    expect(await one.ask(BIND, EXECUTE, SYNC)).toBe('2D(one)CZ');
    expect(await two.ask(BIND, EXECUTE, SYNC)).toBe('2D(two)CZ');
  });

  it('lets no client see or enter the transaction of another', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.query('BEGIN');
    await one.query("INSERT INTO notes VALUES ('of one')");
    let seen: unknown;
    const others = two.query('SELECT * FROM notes').then(({ rows }) => {
      seen = rows;
      return two.query("INSERT INTO notes VALUES ('of two')");
    });
    await delay(200);
    expect(seen).toBeUndefined();
    expect((await one.query('SELECT * FROM notes')).rows).toEqual([{ note: 'of one' }]);
    await one.query('ROLLBACK');
    await others;
    expect(seen).toEqual([]);
    expect(await notes()).toEqual(['of two']);
  });

  it.each<[string, Buffer[]]>([
    ['in a transaction', []],
    ['in a failed transaction', [query('SELECT 1/0')]],
    [
      'in a pipeline without its end',
      [parse('', "INSERT INTO notes VALUES ('piped')"), BIND, EXECUTE, FLUSH],
    ],
    ['in a pipeline that failed without its end', [parse('', 'SELECT wrong'), FLUSH]],
  ])('has nothing left of a client that dies %s', async (_, frames) => {
    const raw = await startRaw();
    await raw.ask(parse('kept', 'SELECT 1'), SYNC);
    await raw.ask(query("BEGIN; INSERT INTO notes VALUES ('left')"));
    raw.socket.write(Buffer.concat(frames));
    await delay(100);
    raw.socket.destroy();
    const client = await connect();
    await client.query("INSERT INTO notes VALUES ('next')");
    expect(await notes()).toEqual(['next']);
    expect((await client.query('SELECT statement FROM pg_prepared_statements')).rows).toEqual([]);
  });

  it.each<[string, Buffer[]]>([
    ['a request of HTTP', HTTP],
    ['a message of no known type', [Buffer.from('?'), int32(4)]],
    ['a message of impossible length', [Buffer.from('Q'), int32(-1)]],
    ['a message without the string it needs', [frame('P', Buffer.from('endless')), SYNC]],
  ])('hangs up on %s, and on no other client', async (_, garbage) => {
    const bystander = await connect();
    await bystander.query("BEGIN; INSERT INTO notes VALUES ('kept')");
    const raw = garbage === HTTP ? await connectRaw() : await startRaw();
    const closed = once(raw.socket, 'close');
    raw.socket.write(Buffer.concat(garbage));
    await delay(100);
    await bystander.query('COMMIT');
    await closed;
    expect(raw.received.toString()).toContain('C08P01');
    expect(await notes()).toEqual(['kept']);
  });

  it.each(['simple', 'extended'])(
    'answers COPY FROM STDIN with an error, and goes on (%s query)',
    async (kind) => {
      const [one, two] = [await connect(), await connect()];
      const copy = one.query({ text: 'COPY notes FROM STDIN', ...(kind === 'extended' && { name: 'copy' }) });
      await expect(copy).rejects.toThrow('takes no data from the client');
      await one.query("INSERT INTO notes VALUES ('one')");
      await two.query("INSERT INTO notes VALUES ('two')");
      expect(await notes()).toEqual(['one', 'two']);
    },
  );

  it('ends the settings of a client with its connection', async () => {
    const settler = await connect();
    await settler.query("SET timezone = 'America/New_York'");
    await settler.end();
    closers.pop();
    const next = await connect();
    await expect(next.query('SHOW timezone')).resolves.toMatchObject({ rows: [{ TimeZone: 'UTC' }] });
  });

  it('does not run what a client left behind that went while it waited for the session', async () => {
    const [holder, leaver] = [await connect(), await connect()];
    await holder.query('BEGIN');
    const abandoned = leaver.query("INSERT INTO notes VALUES ('abandoned')").catch(() => {});
    await delay(200);
    leaver.connection.stream.destroy();
    await abandoned;
    await delay(200);
    await holder.query('COMMIT');
    await expect(holder.query('SELECT FROM notes')).resolves.toMatchObject({ rowCount: 0 });
  });
});

/** A connection on which bytes are sent as they are. */
class RawConnection {
  readonly socket: net.Socket;
  /** Everything that has come. */
  received = Buffer.alloc(0);

  constructor(socketPath: string) {
    this.socket = net.connect(socketPath);
    this.socket.on('data', (chunk) => (this.received = Buffer.concat([this.received, chunk])));
    this.socket.on('error', () => {}); // Being hung up on is what some tests want.
  }

  /** Sends it; resolves with the types of the messages that come up to ReadyForQuery, and the value of a row. */
  async ask(...frames: Buffer[]): Promise<string> {
    const before = this.received.length;
    this.socket.write(Buffer.concat(frames));
    do await once(this.socket, 'data');
    while (this.received.at(-6) !== 0x5a);
    const answer = this.received.subarray(before);
    let said = '';
    for (let at = 0, next; at < answer.length; at = next) {
      next = at + 1 + answer.readInt32BE(at + 1);
      const type = answer.toString('latin1', at, at + 1);
      said += type === 'D' ? `D(${answer.toString('utf8', at + 11, next)})` : type;
    }
    return said;
  }
}
