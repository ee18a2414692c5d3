import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BothTransports, type JsonRpc } from '../support/both-transports.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { parseExposition } from '../support/exposition.js';
import { HttpSteward } from '../support/http.js';
import { parseLog } from '../support/log.js';
import { claims, MODERN, standardHeaders } from '../support/modern.js';
import { expectValid } from '../support/specification.js';

/**
 * A call that asks the client first (specification 2026-07-28, basic/patterns/mrtr), with the capabilities of the official
 * suite, which speaks HTTP alone.
 */

const PROGRAM = fileURLToPath(new URL('../../conformance/suite/serve.mjs', import.meta.url));
const ALL = { elicitation: {}, sampling: {}, roots: {} };
const TOOL = 'test_input_required_result_elicitation';
const STATEFUL = 'test_input_required_result_request_state';

let database: TestDatabase;
let both: BothTransports;

beforeAll(async () => {
  database = await freshDatabase();
  both = await BothTransports.start(database, PROGRAM);
});

afterAll(async () => {
  await both.stop();
  await database.drop();
});

const accepted = (content: object) => ({ action: 'accept', content });

function expectAsked({ result }: JsonRpc): Record<string, { method: string }> {
  expect(result).toMatchObject({ resultType: 'input_required' });
  for (const hint of ['ttlMs', 'cacheScope', 'content', 'isError']) expect(result).not.toHaveProperty(hint);
  expectValid(MODERN, 'InputRequiredResult', result);
  return (result?.['inputRequests'] ?? {}) as Record<string, { method: string }>;
}

describe.each(['stdio', 'HTTP'] as const)('over %s', (transport) => {
  const ask = (name: string, more: object = {}, capabilities: object = ALL) =>
    both.askModern(transport, capabilities)('tools/call', { name, arguments: {}, ...more });

  it('a tool asks, and answers the call that brings the answer', async () => {
    expect(expectAsked(await ask(TOOL))).toMatchObject({ user_name: { method: 'elicitation/create' } });
    const { result } = await ask(TOOL, { inputResponses: { user_name: accepted({ name: 'Ann' }) } });
    expect(result).toMatchObject({ resultType: 'complete' });
    expectValid(MODERN, 'CallToolResult', result);
  });

  it('all that can be asked for is asked at once', async () => {
    const asked = expectAsked(await ask('test_input_required_result_multiple_inputs'));
    expect(
      Object.values(asked)
        .map(({ method }) => method)
        .toSorted(),
    ).toEqual(['elicitation/create', 'roots/list', 'sampling/createMessage']);
  });

  it('a prompt asks, too', async () => {
    const name = 'test_input_required_result_prompt';
    const get = both.askModern(transport, ALL);
    expect(expectAsked(await get('prompts/get', { name }))).toHaveProperty('user_context');
    const inputResponses = { user_context: accepted({ context: 'x' }) };
    const { result } = await get('prompts/get', { name, inputResponses });
    expectValid(MODERN, 'GetPromptResult', result);
  });

  it('what an answer lacks is asked for again, and what it has too much is passed over', async () => {
    expectAsked(await ask(TOOL, { inputResponses: { other: accepted({}) } }));
    expectAsked(await ask(TOOL, { inputResponses: {} }));
    const more = { user_name: accepted({ name: 'Ann' }), other: accepted({ x: 1 }) };
    expect((await ask(TOOL, { inputResponses: more })).result).toMatchObject({ resultType: 'complete' });
  });

  it('the state comes back as it was given out, and another is an error of the request', async () => {
    const { result = {} } = await ask(STATEFUL);
    const state = String(result['requestState']);
    const inputResponses = { confirm: accepted({ ok: true }) };
    const whole = await ask(STATEFUL, { inputResponses, requestState: state });
    expect(JSON.stringify(whole.result)).toContain('state-ok');
    for (const requestState of [`${state}x`, '', 'null'])
      expect((await ask(STATEFUL, { inputResponses, requestState })).error).toMatchObject({ code: -32602 });
  });

  it.each([
    ['answers that are a list', { inputResponses: [1] }],
    ['answers that are text', { inputResponses: 'yes' }],
    ['an answer that is a number', { inputResponses: { user_name: 5 } }],
    ['a state that is no text', { requestState: { round: 1 } }],
  ])('%s are an error of the request', async (_what, more) => {
    const { error } = await ask(TOOL, more);
    expect(error).toMatchObject({ code: -32602, data: { code: 'VALIDATION' } });
    expect(error?.message).toMatch(/inputResponses|requestState/);
  });

  it.each([
    ['nothing', {}, { elicitation: { form: {} } }],
    ['other capabilities', { sampling: {}, roots: {} }, { elicitation: { form: {} } }],
    ['pages, but no forms', { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    ['what is no declaration', { elicitation: true }, { elicitation: { form: {} } }],
  ])(
    'a client that declares %s is not asked, but told what it lacks',
    async (_what, capabilities, needed) => {
      const answer = await ask(TOOL, {}, capabilities);
      expect(answer.error).toMatchObject({ code: -32021, data: { requiredCapabilities: needed } });
      expectValid(MODERN, 'MissingRequiredClientCapabilityError', answer);
    },
  );

  it('a client that declares forms by name is asked', async () => {
    expectAsked(await ask(TOOL, {}, { elicitation: { form: {}, url: {} } }));
  });

  it('in the older eras nobody can be asked, whatever the call brings', async () => {
    const legacy = both.askLegacy(transport);
    for (const more of [{}, { inputResponses: { user_name: accepted({ name: 'Ann' }) } }]) {
      const { result } = await legacy('tools/call', { name: TOOL, ...more });
      expect(result).toMatchObject({ isError: true, _meta: { 'steward/error': { code: 'FORBIDDEN' } } });
    }
  });
});

describe('a question to the client', () => {
  it('is no error in the log and in the metrics, but an outcome of its own', async () => {
    const token = 'a-token-for-prometheus';
    const steward = await HttpSteward.start({ ...database.env, METRICS_TOKEN: token }, [PROGRAM]);
    const params = { name: TOOL, arguments: {}, _meta: claims(ALL) };
    await steward.request('tools/call', params, { headers: standardHeaders('tools/call', params) });
    const headers = { authorization: `Bearer ${token}` };
    const { text } = await steward.send({ method: 'GET', path: '/metrics', headers });
    const [sample, ...others] = parseExposition(text).get('steward_calls_total')?.samples ?? [];
    expect(others).toEqual([]);
    expect(sample).toMatchObject({ labels: { capability: TOOL, outcome: 'INPUT_REQUIRED' }, value: 1 });
    await steward.stop();
    const calls = parseLog(steward.stderr()).filter(({ message }) => message === 'call');
    expect(calls).toEqual([
      expect.objectContaining({ level: 'info', capability: TOOL, outcome: 'INPUT_REQUIRED', rows: 0 }),
    ]);
  });

  it('answers over HTTP with 200, and with 400 where the client cannot be asked', async () => {
    for (const [capabilities, status] of [
      [ALL, 200],
      [{}, 400],
    ] as const) {
      const params = { name: TOOL, arguments: {}, _meta: claims(capabilities) };
      const headers = standardHeaders('tools/call', params);
      expect(await both.http.request('tools/call', params, { headers })).toMatchObject({ status });
    }
  });
});
