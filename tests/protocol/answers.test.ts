import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { parseExposition } from '../support/exposition.js';
import { codeOf, HttpSteward, type HttpAnswer } from '../support/http.js';
import { logged } from '../support/log.js';

/** The points at which making an answer can fail, and the error that the caller gets. */
const FAULTS = [
  ['handler_throws', 'INTERNAL'],
  ['handler_throws_a_strange_cause', 'INTERNAL'],
  ['answer_is_no_json', 'INTERNAL'],
  ['answer_throws_when_read', 'INTERNAL'],
  ['answer_is_too_large', 'VALIDATION'],
  ['attachments_throw', 'INTERNAL'],
  ['attachment_is_no_json', 'INTERNAL'],
] as const;

const PROMPT_FAULTS = [
  ['render_throws', 'INTERNAL'],
  ['message_is_no_json', 'INTERNAL'],
  ['message_is_too_large', 'VALIDATION'],
] as const;

const REQUESTS = [
  ...FAULTS.map(([name, code]) => ['tool', name, code, 'tools/call', { name }] as const),
  ...FAULTS.map(
    ([name, code]) => ['resource', name, code, 'resources/read', { uri: `faulty://${name}` }] as const,
  ),
  ...PROMPT_FAULTS.map(([name, code]) => ['prompt', name, code, 'prompts/get', { name }] as const),
  ['tool', 'secretive', 'INTERNAL', 'tools/call', { name: 'secretive', arguments: { secret: 1 } }] as const,
  [
    'completion',
    'completed',
    'INTERNAL',
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'completed' }, argument: { name: 'broken', value: '' } },
  ] as const,
];

const PROGRAM = fileURLToPath(new URL('../support/serve-faulty.mjs', import.meta.url));
const METRICS_TOKEN = 'a-token-for-prometheus';

describe('an answer that cannot be made', () => {
  let database: TestDatabase;
  let steward: HttpSteward;
  let calls = 0;

  beforeAll(async () => {
    database = await freshDatabase();
    steward = await HttpSteward.start({ ...database.env, METRICS_TOKEN }, [PROGRAM]);
  });
  afterAll(async () => {
    await steward.stop();
    await database.drop();
  });

  /** The last line of the log about a call, once all of them are there. */
  const lastCall = async () => (await logged(steward, 'call', calls)).at(-1);

  const countOf = async (kind: string, capability: string, outcome: string): Promise<number> => {
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const { text } = await steward.send({ method: 'GET', path: '/metrics', headers });
    const samples = parseExposition(text).get('steward_calls_total')?.samples ?? [];
    const found = samples.filter(
      ({ labels }) => labels['kind'] === kind && labels['capability'] === capability,
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.labels['outcome']).toBe(outcome);
    return found[0]?.value ?? 0;
  };

  it.each(REQUESTS)(
    'is one coded error, one line in the log and one count: %s %s is %s',
    async (kind, name, code, method, params) => {
      const answer: HttpAnswer = await steward.request(method, params);
      calls += 1;
      expect(codeOf(answer)).toBe(code);
      expect(answer.text).not.toMatch(/secret|BigInt|TypeError/);
      expect(await lastCall()).toMatchObject({ kind, outcome: code, rows: 0 });
      expect(steward.log().filter(({ message }) => message === 'call')).toHaveLength(calls);
      expect(await countOf(kind, name, code)).toBe(1);
    },
  );

  it('is the same where even the look for the capability fails', async () => {
    await steward.call('spoil');
    expect(codeOf(await steward.call('no_such_tool'))).toBe('INTERNAL');
    calls += 2;
    const wanted = { kind: 'protocol', capability: 'tools/call', outcome: 'INTERNAL' };
    expect(await lastCall()).toMatchObject(wanted);
    expect(await countOf('protocol', 'tools/call', 'INTERNAL')).toBe(1);
  });

  it('ends no batch that it is part of', async () => {
    const batch = FAULTS.map(([name], id) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name },
    }));
    const body = JSON.stringify([...batch, { jsonrpc: '2.0', id: 'last', method: 'ping' }]);
    const { status, json } = await steward.send({
      body,
      headers: { 'mcp-protocol-version': '2025-03-26' },
    });
    expect(status).toBe(200);
    expect(json).toHaveLength(FAULTS.length + 1);
  });
});
