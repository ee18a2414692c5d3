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
  data: {
    users?: { rows: unknown[] };
    user?: { id: number; department: string };
    changes?: { rows: unknown[][] };
  };
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
  let steps = 0;
  const begin = (title: string) => say(`\n${style('bold', `${(steps += 1)}. ${title}`)}`);
  const call = async (title: string, tool: string, args: Record<string, unknown>): Promise<Answer> => {
    begin(title);
    say(style('cyan', `  → ${tool} ${JSON.stringify(args)}`));
    const result = await client.callTool({ name: tool, arguments: args });
    const [content] = result.content as { text: string }[];
    const text = content?.text ?? '';
    say(indent(text));
    return { text, data: result.structuredContent ?? {}, failed: result.isError === true };
  };

  begin('What can a model do here?');
  const { tools } = await client.listTools();
  say(indent(tools.map((tool) => `${tool.name.padEnd(24)} ${tool.title}`).join('\n')));
  assert.ok(
    tools.some((tool) => tool.name === 'transfer_user'),
    'transfer_user is not offered',
  );

  const newest = await call('Who joined last?', 'list_recent_users', { limit: 5 });
  assert.equal(newest.data.users?.rows.length, 5, 'not five users');

  const developers = { department: 'Engineering', role: 'Developer', limit: 3 };
  const found = await call('Who are the developers in Engineering?', 'find_users', developers);
  assert.equal(found.data.users?.rows.length, 3, 'not three users');

  const bob = { username: 'bob_builder', email: 'bob@example.com', department: 'Sales' };
  const created = await call('Bob is new in Sales.', 'create_user', bob);
  const { id = 0 } = created.data.user ?? {};
  assert.ok(id > 0, 'the user got no id');

  const again = { username: 'BOB_BUILDER', email: 'other@example.com' };
  const refused = await call('A second call tries to add him again, in capitals.', 'create_user', again);
  assert.ok(refused.failed && refused.text.startsWith('CONFLICT'), 'the duplicate was not refused');

  const move = { user_id: id, new_department: 'Finance' };
  const moved = await call('Bob moves to Finance …', 'transfer_user', move);
  assert.equal(moved.data.user?.department, 'Finance', 'he did not move');

  const history = await call('… and the move is on record.', 'get_user_history', { user_id: id });
  const [, field, from, to, , actor] = history.data.changes?.rows[0] ?? [];
  const change = ['department', 'Sales', 'Finance', 'demo'];
  assert.deepEqual([field, from, to, actor], change, 'the audit row is not right');
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
