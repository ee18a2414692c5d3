import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import pg from 'pg';
import { openEmbedded, type Embedded } from '../database/embedded/index.js';
import { PROJECT_ROOT } from '../project-root.js';
import { VERSION } from '../version.js';
import { alignColumns } from './columns.js';

interface Answer {
  text: string;
  data: {
    users?: Table;
    user?: { id: number; department: string };
    changes?: Table;
    records?: Table;
    groups?: Table;
  };
  failed: boolean;
}

interface Table {
  rows: unknown[][];
}

/** A call with what it shows. */
interface Step {
  title: string;
  tool: string;
  /** May depend on the answers so far, by tool. */
  arguments(answers: ReadonlyMap<string, Answer>): Record<string, unknown>;
  /** @throws AssertionError if the answer is not what the title says */
  check(answer: Answer): void;
}

const bob = (answers: ReadonlyMap<string, Answer>) => answers.get('create_user')?.data.user?.id ?? 0;

const STEPS: Step[] = [
  {
    title: 'The staff directory: who joined last?',
    tool: 'list_recent_users',
    arguments: () => ({ limit: 5 }),
    check: ({ data }) => assert.equal(data.users?.rows.length, 5, 'not five users'),
  },
  {
    title: 'Who are the developers in Engineering?',
    tool: 'find_users',
    arguments: () => ({ department: 'Engineering', role: 'Developer', limit: 3 }),
    check: ({ data }) => assert.equal(data.users?.rows.length, 3, 'not three users'),
  },
  {
    title: 'Bob is new in Sales.',
    tool: 'create_user',
    arguments: () => ({ username: 'bob_builder', email: 'bob@example.com', department: 'Sales' }),
    check: ({ data }) => assert.ok((data.user?.id ?? 0) > 0, 'the user got no id'),
  },
  {
    title: 'Bob moves to Finance …',
    tool: 'transfer_user',
    arguments: (answers) => ({ user_id: bob(answers), new_department: 'Finance' }),
    check: ({ data }) => assert.equal(data.user?.department, 'Finance', 'he did not move'),
  },
  {
    title: '… and the move is on record.',
    tool: 'get_user_history',
    arguments: (answers) => ({ user_id: bob(answers) }),
    check({ data }) {
      const [, field, from, to, , actor] = data.changes?.rows[0] ?? [];
      const change = ['department', 'Sales', 'Finance', 'demo'];
      assert.deepEqual([field, from, to, actor], change, 'the audit row is not right');
    },
  },
  {
    title: 'The shop, of which Steward knows its schema.prisma alone: what did Ada Lind order?',
    tool: 'find_records',
    arguments: () => ({
      model: 'Order',
      filter: "customer.name = 'Ada Lind'",
      fields: 'id, placedAt, status, total',
      include: 'items(qty, product.name)',
    }),
    check: ({ data }) => assert.equal(data.records?.rows.length, 2, 'not two orders'),
  },
  {
    title: 'Which countries brought the most this spring?',
    tool: 'aggregate_records',
    arguments: () => ({
      model: 'Order',
      metrics: 'count, sum(total)',
      group_by: 'customer.country',
      filter: 'status in (PAID, SHIPPED) and placedAt >= 2026-03-01 and placedAt < 2026-06-01',
      order_by: 'sum_total desc',
    }),
    check: ({ data }) =>
      assert.deepEqual(data.groups?.rows[0], ['DE', 8, '652.80'], 'not the sums of the shop'),
  },
  {
    title: 'What is hidden stays hidden.',
    tool: 'find_records',
    arguments: () => ({ model: 'Customer', filter: 'passwordHash starts with a' }),
    check: ({ failed, text }) =>
      assert.ok(failed && text.startsWith('VALIDATION'), 'the hidden field was not refused'),
  },
];

/**
 * Plays a client through a real server, over stdio, on embedded databases of its own that are thrown away afterwards.
 * Each step checks that it did what it says; the exit code is 1 as soon as one did not.
 */
export async function demo(): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-demo-'));
  const client = new Client({ name: 'steward-demo', version: VERSION });
  say(
    `\n${styleText('bold', 'Steward')} ${VERSION}: a language model's way into a staff directory, and into a shop\n`,
  );
  say(styleText('dim', 'Making a new embedded PostgreSQL for the shop (a few seconds) …'));
  let shop: Embedded | undefined;
  try {
    shop = await openEmbedded({ dataDir: path.join(folder, 'shop'), lingerMs: 0, onProgress: () => {} });
    await fillShop(shop.url);
    say(styleText('dim', 'Starting a server, which makes another for the directory (a few seconds) …'));
    const configuration = path.join(folder, 'steward.config.json');
    await writeFile(configuration, JSON.stringify(configure(shop.url)));
    await client.connect(serverOn(folder, configuration));
    await play(client);
    say(styleText('green', '\nEvery step did what it says.'));
    say('Next, for a schema of yours: npx steward-mcp init. For your client: npx steward-mcp setup.\n');
  } catch (error) {
    say(styleText('red', `\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`));
    process.exitCode = 1;
  } finally {
    await client.close();
    await shop?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

/** The example of the same name in the checkout; the build copies it, since a package has no examples. */
const SHOP = path.join(PROJECT_ROOT, 'dist', 'examples', 'shop');

async function fillShop(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(await readFile(path.join(SHOP, 'seed.sql'), 'utf8'));
  await client.end();
}

function configure(url: string): object {
  const shop = { schema: path.join(SHOP, 'schema.prisma'), url, time_zone: 'Europe/Berlin' };
  return { databases: { shop }, directory: true };
}

function serverOn(folder: string, configuration: string): StdioClientTransport {
  return new StdioClientTransport({
    command: process.execPath,
    args: [path.join(PROJECT_ROOT, 'dist', 'main.js')],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'test',
      LOG_LEVEL: 'error',
      // The first call waits for the database to be created, which a busy machine takes its time for.
      CALL_DEADLINE_MS: '50000',
      STEWARD_CALLER: 'demo',
      STEWARD_CONFIG: configuration,
      STEWARD_DATA_DIR: path.join(folder, 'postgres'),
      STEWARD_EMBEDDED_LINGER_MS: '0',
    },
  });
}

async function play(client: Client): Promise<void> {
  say(`\n${styleText('bold', '1. What can a model do here?')}`);
  const { tools } = await client.listTools();
  say(indent(tools.map((tool) => `${tool.name.padEnd(24)} ${tool.title}`).join('\n')));
  const answers = new Map<string, Answer>();
  for (const [index, step] of STEPS.entries()) {
    const args = step.arguments(answers);
    say(`\n${styleText('bold', `${index + 2}. ${step.title}`)}`);
    say(styleText('cyan', `  → ${step.tool} ${JSON.stringify(args)}`));
    const waiting = setTimeout(() => say(styleText('dim', '  (the database is still being made …)')), 1500);
    const result = await client
      .callTool({ name: step.tool, arguments: args })
      .finally(() => clearTimeout(waiting));
    const [content] = result.content as { text: string }[];
    const text = content?.text ?? '';
    say(indent(text));
    const answer = { text, data: result.structuredContent ?? {}, failed: result.isError === true };
    step.check(answer);
    answers.set(step.tool, answer);
  }
}

/** Tab-separated tables are for models; people get their columns aligned. */
function indent(text: string): string {
  return alignColumns(text.split('\n').map((line) => line.split('\t')))
    .map((line) => `    ${line}`)
    .join('\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
