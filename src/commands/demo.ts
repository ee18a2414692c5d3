import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { PROJECT_ROOT } from '../project-root.js';
import { VERSION } from '../version.js';
import { alignColumns } from './columns.js';

interface Answer {
  text: string;
  data: Record<string, unknown>;
  failed: boolean;
}

/**
 * Plays a client through a real server, over stdio, on an embedded database of its own that is thrown away afterwards.
 * Each step checks that it did what it says; the exit code is 1 as soon as one did not.
 */
export async function demo(): Promise<void> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'steward-demo-'));
  const client = new Client({ name: 'steward-demo', version: VERSION });
  say(`\n${style('bold', 'Steward')} ${VERSION}: a language model's way into a staff directory\n`);
  say(style('dim', 'Starting a server on a new embedded PostgreSQL (a few seconds, the first time only) …'));
  try {
    await client.connect(serverOn(dataDir));
    await play(client);
    say(style('green', '\nEvery step did what it says.'));
    say('Next: add Steward to your client; README.md has the lines to paste.\n');
  } catch (error) {
    say(style('red', `\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`));
    process.exitCode = 1;
  } finally {
    await client.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

function serverOn(dataDir: string): StdioClientTransport {
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
      STEWARD_DATA_DIR: path.join(dataDir, 'postgres'),
      STEWARD_EMBEDDED_LINGER_MS: '0',
    },
  });
}

async function play(client: Client): Promise<void> {
  const call = async (tool: string, args: Record<string, unknown> = {}): Promise<Answer> => {
    say(style('cyan', `  → ${tool} ${JSON.stringify(args)}`));
    const result = await client.callTool({ name: tool, arguments: args });
    const [content] = result.content as { text: string }[];
    const answer = {
      text: content?.text ?? '',
      data: (result.structuredContent ?? {}) as Answer['data'],
      failed: result.isError === true,
    };
    say(indent(answer.text));
    return answer;
  };

  step(1, 'What can a model do here?');
  const { tools } = await client.listTools();
  say(indent(tools.map((tool) => `${tool.name.padEnd(24)} ${tool.title}`).join('\n')));
  assert.ok(
    tools.some((tool) => tool.name === 'transfer_user'),
    'transfer_user is not offered',
  );

  step(2, 'Who joined last?');
  const newest = await call('list_recent_users', { limit: 5 });
  assert.equal(tableOf(newest, 'users').length, 5, 'not five users');

  step(3, 'Who are the developers in Engineering?');
  const found = await call('find_users', { department: 'Engineering', role: 'Developer', limit: 3 });
  assert.equal(tableOf(found, 'users').length, 3, 'not three users');

  step(4, 'Bob is new in Sales.');
  const created = await call('create_user', {
    username: 'bob_builder',
    email: 'bob@example.com',
    department: 'Sales',
  });
  const { id } = created.data['user'] as { id: number };
  assert.ok(id > 0, 'the user got no id');

  step(5, 'A second call tries to add him again, in capitals.');
  const refused = await call('create_user', { username: 'BOB_BUILDER', email: 'other@example.com' });
  assert.ok(refused.failed && refused.text.startsWith('CONFLICT'), 'the duplicate was not refused');

  step(6, 'Bob moves to Finance …');
  const moved = await call('transfer_user', { user_id: id, new_department: 'Finance' });
  assert.equal((moved.data['user'] as { department: string }).department, 'Finance', 'he did not move');

  step(7, '… and the move is on record.');
  const history = await call('get_user_history', { user_id: id });
  const [, field, from, to, , actor] = tableOf(history, 'changes')[0] as string[];
  assert.deepEqual(
    [field, from, to, actor],
    ['department', 'Sales', 'Finance', 'demo'],
    'the audit row is not right',
  );
}

function tableOf(answer: Answer, name: string): unknown[][] {
  return (answer.data[name] as { rows: unknown[][] } | undefined)?.rows ?? [];
}

function step(number: number, title: string): void {
  say(`\n${style('bold', `${number}. ${title}`)}`);
}

/** Tab-separated tables are for models; people get their columns aligned. */
function indent(text: string): string {
  return alignColumns(text.split('\n').map((line) => line.split('\t')))
    .map((line) => `    ${line}`)
    .join('\n');
}

function style(format: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY ? styleText(format, text) : text;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
