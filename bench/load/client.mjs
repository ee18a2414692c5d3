import { setTimeout } from 'node:timers/promises';
import * as changes from './changes.mjs';
import { stampOf } from './people.mjs';
import * as reads from './reads.mjs';

/** @typedef {import('./journal.mjs').Journal} Journal */
/** @typedef {import('./people.mjs').People} People */
/** @typedef {import('./reads.mjs').Question} Question */
/** @typedef {import('./answer.mjs').Answer} Answer */
/** @typedef {import('./answer.mjs').Taker} Taker */
/** @typedef {import('./changes.mjs').Change} Change */

/** How often each is asked, of a hundred times. @type {[times: number, (people: People) => Question | Change][]} */
const MIX = [
  [30, reads.userById],
  [8, reads.userByName],
  [12, reads.membersOf],
  [6, reads.newest],
  [6, reads.departments],
  [6, reads.history],
  [6, reads.preferences],
  [8, changes.transfer],
  [7, changes.setRole],
  [5, changes.setPreferences],
  [3, changes.create],
  [3, changes.setActive],
];

/** As a client does that was told to try again in a moment, in milliseconds. */
const AFTER_AN_ERROR_MS = 100;

/** After these, a change may have been made all the same. */
const DOUBTFUL = [undefined, 'TIMEOUT', 'DATABASE_UNAVAILABLE', 'INTERNAL'];

/**
 * One client: asks without a pause until it is told to stop, and writes down what it is told.
 * @param {number} number
 * @param {{ balancer: Taker, people: People, journal: Journal, signal: AbortSignal }} load
 */
export async function runClient(number, { signal, ...load }) {
  while (!signal.aborted) {
    const answer = await ask(number, pick()(load.people), load);
    if (answer.outcome !== 'ok') await setTimeout(AFTER_AN_ERROR_MS);
  }
}

/**
 * Asks one question, and writes down what it is told.
 * @param {number} number of the client
 * @param {Question | Change} question
 * @param {{ balancer: Taker, people: People, journal: Journal }} load
 */
export async function ask(number, question, { balancer, people, journal }) {
  // An address of its own, as limits are counted by it.
  const address = `10.0.${number >> 8}.${number & 255}`;
  const start = performance.now();
  const answer = await balancer.call(question.tool, question.args, address);
  const end = performance.now();
  record(journal, people, { number, question, answer, start, end });
  return answer;
}

function pick() {
  let at = Math.random() * 100;
  for (const [times, make] of MIX) if ((at -= times) < 0) return make;
  return reads.userById;
}

/**
 * @param {Journal} journal
 * @param {People} people
 * @param {{ number: number, question: Question | Change, answer: Answer, start: number, end: number }} asked
 */
function record(journal, people, { number, question, answer, start, end }) {
  const { steward } = answer;
  const kind = 'write' in question ? 'write' : 'read';
  const [error, text] =
    answer.outcome === 'ok'
      ? [undefined, '']
      : answer.outcome === 'lost'
        ? ['connection lost', answer.cause]
        : [answer.code ?? 'no code', answer.text];
  journal.calls.push({ client: number, kind, steward, start, end, error, text });
  if (answer.outcome === 'ok') {
    const see = (/** @type {any} */ user) => sight(journal, people, user, start, end);
    for (const problem of question.check(answer.data, see)) if (problem) journal.wrong.push(problem);
  }
  if ('write' in question) journal.writes.push({ ...toWrite(question, answer), start, end });
}

/**
 * @param {Journal} journal @param {People} people @param {any} user @param {number} start @param {number} end
 */
function sight(journal, people, user, start, end) {
  const known = people.usernames.get(user.id);
  if (known !== undefined && user.username !== undefined && user.username !== known)
    journal.wrong.push(`user ${user.id} is ${known}, not ${user.username}`);
  for (const field of /** @type {const} */ (['department', 'role', 'active', 'preferences'])) {
    if (user[field] === undefined) continue;
    const value = field === 'preferences' ? stampOf(user.preferences) : String(user[field]);
    journal.sightings.push({ user: user.id, field, value, start, end });
  }
}

/**
 * @param {Change} question
 * @param {Answer} answer
 * @returns {Omit<import('./journal.mjs').Write, 'start' | 'end'>}
 */
function toWrite({ tool, write }, answer) {
  if (answer.outcome !== 'ok') {
    const doubtful = answer.outcome === 'lost' || DOUBTFUL.includes(answer.code);
    return { tool, ...write, state: doubtful ? 'doubtful' : 'refused', change: null };
  }
  const { change, user } = answer.data;
  return {
    tool,
    ...write,
    user: write.user ?? user.id,
    state: 'acknowledged',
    change: change === null ? null : { old: change?.old_value },
  };
}
