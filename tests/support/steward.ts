import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { z } from 'zod';
import type { changedUser, userRecord } from '../../src/directory/answers.js';
import { bareEnvironment, MAIN } from './command.mjs';
import { freshDatabase, type TestDatabase } from './database.js';
import { eventually } from './eventually.js';
import { parseLog, type LogLine } from './log.js';

/** What answers hold. Each tool has its share of it; tests/directory/catalogue.test.ts says which. */
export interface AnswerData extends z.infer<typeof changedUser> {
  user: z.infer<typeof userRecord>;
  total: number;
  total_is_exact: boolean;
  page: number;
  page_size: number;
  pages: number;
  next_cursor: string | null;
  user_id: number;
  preferences: Record<string, unknown>;
  department: { id: number; name: string; created_at: string };
  users: Table;
  changes: Table;
  departments: Table;
}

export interface Table {
  columns: string[];
  rows: (string | number | boolean | null)[][];
}

export type UserRow = Omit<AnswerData['user'], 'updated_at'>;

export interface ChangeRow {
  id: number | string;
  field: string;
  old_value: string | null;
  new_value: string | null;
  changed_at: string;
  actor: string;
  tool: string;
  request_id: string;
}

export interface DepartmentRow {
  id: number;
  name: string;
  active: number;
  inactive: number;
}

export interface Answer {
  /** The text for the model. */
  text: string;
  /** The data for programs. */
  data: AnswerData;
  /** The code in front of an error's text; undefined for an answer. */
  error: string | undefined;
}

/** A real server in a process of its own, on a real database, with a real client before it. */
export interface Steward {
  client: Client;
  database: TestDatabase;
  pid: number;
  /** Calls a tool, through the SDK's client, which checks the answer against the tool's output schema. */
  call(tool: string, args?: Record<string, unknown>): Promise<Answer>;
  /** The server's log so far, parsed. */
  log(): LogLine[];
  /** The line of a call, as soon as it is there: log and answer come by different roads. */
  logOfCall(requestId: string): Promise<LogLine>;
  stderr(): string;
  /** Ends the server as a client does that closes the connection; the database stays where it was given. */
  stop(): Promise<void>;
}

export interface StewardOptions {
  env?: Record<string, string>;
  /** A database to share; without it, one of its own, dropped with the server. */
  database?: TestDatabase;
  /** The program that runs it. */
  command?: string[];
}

export async function startSteward({
  env = {},
  database,
  command = [MAIN],
}: StewardOptions = {}): Promise<Steward> {
  const used = database ?? (await freshDatabase());
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: command,
    env: bareEnvironment({ STEWARD_CALLER: 'tester', ...used.env, ...env }),
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const client = new Client({ name: 'tests', version: '1' });
  await client.connect(transport);
  await client.listTools();
  const log = () => parseLog(stderr);
  return {
    client,
    database: used,
    pid: transport.pid ?? 0,
    call: async (tool, args = {}) => toAnswer(await client.callTool({ name: tool, arguments: args })),
    log,
    logOfCall: (requestId) =>
      eventually(() => log().find((candidate) => candidate['requestId'] === requestId)).catch(() => {
        throw new Error(`Nothing was logged of ${requestId}`);
      }),
    stderr: () => stderr,
    stop: async () => {
      await client.close();
      if (!database) await used.drop();
    },
  };
}

export function toAnswer(result: Awaited<ReturnType<Client['callTool']>>): Answer {
  const [content] = result.content as { text: string }[];
  const text = content?.text ?? '';
  return {
    text,
    data: (result.structuredContent ?? {}) as unknown as AnswerData,
    error: result.isError === true ? /^([A-Z_]+):/.exec(text)?.[1] : undefined,
  };
}

interface Tables {
  users: UserRow;
  changes: ChangeRow;
  departments: DepartmentRow;
}

/** The rows of an answer's table as records. */
export function records<Name extends keyof Tables>(answer: Answer, table: Name): Tables[Name][] {
  const { columns, rows } = answer.data[table];
  return rows.map(
    (row) =>
      Object.fromEntries(columns.map((column, index) => [column, row[index]])) as unknown as Tables[Name],
  );
}

/** The answers of a tool that pages, from the first page to the last, by cursor. */
export async function everyPage(
  steward: Steward,
  tool: string,
  args: Record<string, unknown>,
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<Answer[]> {
  const pages: Answer[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await steward.call(tool, cursor === undefined ? args : { ...args, cursor });
    if (page.error !== undefined) throw new Error(page.text);
    pages.push(page);
    cursor = page.data.next_cursor;
    if (cursor !== null) await between(pages.length);
  }
  return pages;
}

/** Two cursors of the same position differ: each is encrypted with a nonce of its own. */
export function withoutCursor<Data extends { next_cursor?: unknown }>(data: Data) {
  return { ...data, next_cursor: typeof data.next_cursor };
}
