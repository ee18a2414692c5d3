import { runNode } from '../run-program.mjs';

/** @typedef {import('./install.mjs').Inspector} Inspector */
/** @typedef {{ inspector: Inspector, target: string[], home: string, signal: AbortSignal }} Target */
/** @typedef {{ answer: Record<string, any>, complaint: string }} Seen the complaint is empty where there is none */

/**
 * The inspector's command line, once. It says on stderr what it warns of, and there alone.
 * @param {Target} target
 * @param {string[]} method with options of its own
 * @param {string[]} options
 * @returns {Promise<Seen>}
 */
export async function invoke({ inspector, target, home, signal }, method, options = []) {
  const args = [inspector.cli, ...target, '--method', ...method, ...options];
  const { code, stdout, stderr } = await runNode(args, { node: inspector.node, env: { HOME: home }, signal });
  if (code === 0 && stderr === '') return { answer: JSON.parse(stdout), complaint: '' };
  // An error gives its reason in the answer.
  const said = code === 0 ? stderr : `${stderr}${stdout}`;
  return { answer: {}, complaint: `exit code ${code}: ${said.trim()}` };
}

/** @param {string} option @param {Record<string, unknown>} values */
export const pairs = (option, values) =>
  Object.entries(values).flatMap(([name, value]) => [
    option,
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
