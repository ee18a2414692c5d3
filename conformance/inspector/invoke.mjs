import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode } from '../run-program.mjs';

const CLI = fileURLToPath(import.meta.resolve('@modelcontextprotocol/inspector-cli/build/index.js'));

/** @typedef {{ target: string[], env: Record<string, string>, signal: AbortSignal }} Target */
/** @typedef {{ answer: Record<string, any>, complaint: string }} Seen the complaint is empty where there is none */

/**
 * The inspector's command line, once.
 * @param {Target} target
 * @param {string} method
 * @param {string[]} options
 * @returns {Promise<Seen>}
 */
export async function invoke({ target, env, signal }, method, options = []) {
  const { code, stdout, stderr } = await runNode([CLI, ...target, '--method', method, ...options], {
    // It is written for later versions of Node, which no longer warn of what it does.
    env: { ...env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    // It looks for its own name and version from where it is started.
    cwd: path.dirname(CLI),
    signal,
  });
  if (code !== 0 || stderr !== '') return { answer: {}, complaint: `exit code ${code}: ${stderr.trim()}` };
  const answer = JSON.parse(stdout);
  return { answer, complaint: answer.isError ? answer.content[0].text : '' };
}

/** @param {string} option @param {Record<string, unknown>} values */
export const pairs = (option, values) =>
  Object.entries(values).flatMap(([name, value]) => [
    option,
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
