import { suiteDomain } from './catalogue.mjs';

/** @typedef {{ message: string, kind: string, capability: string, outcome: string }} CallLine */

/** The outcomes of the calls of each capability; all others succeed. @type {Record<string, string>} */
const OUTCOMES = { test_error_handling: 'CONFLICT' };

/**
 * The suite takes an error for an answer where that holds text, too. What the server's log says of its calls shows that what
 * the catalogue has was asked for, and answered.
 * @param {CallLine[]} log
 * @returns {string[]} what is wrong
 */
export function wrongCalls(log) {
  const calls = log.filter(({ message }) => message === 'call');
  const { tools, prompts, resources } = suiteDomain;
  const names = [...tools, ...prompts].map(({ name }) => name);
  // A name that is not offered is NOT_FOUND.
  const known = calls.filter(({ kind, capability }) => kind === 'resource' || names.includes(capability));
  const read = new Set(known.filter(({ kind }) => kind === 'resource').map(({ capability }) => capability));
  return [
    ...known
      .filter(({ capability, outcome }) => outcome !== (OUTCOMES[capability] ?? 'OK'))
      .map(({ capability, outcome }) => `A call of ${capability} ended with ${outcome}.`),
    ...names
      .filter((name) => !known.some(({ capability }) => capability === name))
      .map((name) => `${name} stands in the catalogue, and was not called.`),
    ...(read.size === resources.length ? [] : [`Of ${resources.length} resources, ${read.size} were read.`]),
  ];
}
