import { randomBytes } from 'node:crypto';
import { Seal } from '../../build/capability/seal.js';
import { InputRequired, InvalidState } from '../../build/capability/input-required.js';
import { definePrompt } from '../../build/capability/define.js';
import { named, nothing, tool } from './definitions.mjs';

/**
 * The capabilities of the official suite that ask the client first (specification 2026-07-28, basic/patterns/mrtr), each named
 * and worded as its scenarios ask for it.
 */

/** @typedef {import('../../build/capability/define.js').ClientInput} ClientInput */
/** @typedef {import('../../build/capability/input-required.js').InputRequest} InputRequest */

/** @param {string} message @param {string} property @param {string} [type] @returns {InputRequest} */
const form = (message, property, type = 'string') => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: { [property]: { type } }, required: [property] },
  },
});

/** @type {InputRequest} */
const completion = {
  method: 'sampling/createMessage',
  params: {
    messages: [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }],
    maxTokens: 100,
  },
};

/** @type {InputRequest} */
const roots = { method: 'roots/list', params: {} };

const whoAreYou = form('What is your name?', 'name');
const confirm = form('Please confirm', 'ok', 'boolean');

const seal = new Seal([randomBytes(32)]);

/** The round that a sealed state is of. @param {ClientInput | undefined} input @param {string} asker the tool */
function roundOf(input, asker) {
  if (input?.state === undefined) return 0;
  const round = seal.open(input.state, asker);
  if (round === undefined) throw new InvalidState('requestState: was not given out here.');
  return Number(round);
}

/** Asks for what has no answer yet. @param {ClientInput | undefined} input @param {Record<string, InputRequest>} requests @param {string} [state] */
function requireAnswers(input, requests, state) {
  const answered = Object.entries(requests).every(([key, request]) =>
    isAnswer(request, input?.responses?.[key]),
  );
  if (!answered) throw new InputRequired(requests, state);
}

/** @param {InputRequest} request @param {any} answer */
function isAnswer({ method }, answer) {
  if (method !== 'elicitation/create') return answer !== undefined;
  return answer?.action === 'accept' && answer.content !== undefined;
}

/** @param {string} name @param {Record<string, InputRequest>} requests */
const asking = (name, requests) =>
  tool(name, async (context) => {
    requireAnswers(context.input, requests);
    return 'Thank you.';
  });

/** @param {string} name @param {Record<string, InputRequest>[]} rounds each with a state of its own */
const askingInRounds = (name, ...rounds) =>
  tool(name, async ({ input }) => {
    const round = roundOf(input, name);
    if (round > 0) requireAnswers(input, rounds[round - 1] ?? {}, seal.seal(round, name));
    const next = rounds[round];
    if (next) throw new InputRequired(next, seal.seal(round + 1, name));
    return 'state-ok';
  });

export const askingTools = [
  asking('test_input_required_result_elicitation', { user_name: whoAreYou }),
  asking('test_input_required_result_sampling', { capital_question: completion }),
  asking('test_input_required_result_list_roots', { client_roots: roots }),
  askingInRounds('test_input_required_result_request_state', { confirm }),
  askingInRounds('test_input_required_result_tampered_state', { confirm }),
  askingInRounds('test_input_required_result_multiple_inputs', {
    user_name: whoAreYou,
    greeting: completion,
    client_roots: roots,
  }),
  askingInRounds(
    'test_input_required_result_multi_round',
    { step1: form('Step 1: What is your name?', 'name') },
    { step2: form('Step 2: What is your favorite color?', 'color') },
  ),
  tool('test_input_required_result_capabilities', async ({ input }) => {
    requireAnswers(
      input,
      input?.capabilities['elicitation'] ? { user_name: whoAreYou } : { capital_question: completion },
    );
    return 'Thank you.';
  }),
  asking('test_missing_capability', { capital_question: completion }),
  asking('test_streaming_elicitation', { user_name: whoAreYou }),
];

export const askingPrompts = [
  definePrompt({
    ...named('test_input_required_result_prompt'),
    arguments: nothing,
    render: async (_values, { input }) => {
      requireAnswers(input, { user_context: form('What context should the prompt use?', 'context') });
      return 'The context is known.';
    },
  }),
];
