import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = path.join(ROOT, 'dist', 'main.js');

/** @typedef {{ code: number, stdout: string, stderr: string }} Ran */
/** @typedef {Record<string, string | undefined>} Variables */

/**
 * Nothing of the developer's own configuration may reach a test.
 * @param {Variables} extra
 * @returns {Record<string, string>}
 */
export function bareEnvironment(extra = {}) {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    NODE_ENV: 'test',
    STEWARD_SECRET: Buffer.alloc(32, 'tests').toString('base64url'),
    ...extra,
  };
  return Object.fromEntries(
    Object.entries(env).filter(/** @returns {entry is [string, string]} */ (entry) => entry[1] !== undefined),
  );
}

/**
 * Runs `node …` to its end, with nothing on stdin; never throws for an exit code.
 * @param {string[]} args
 * @param {Variables} env
 * @param {string} cwd
 * @param {string} node its binary
 * @returns {Promise<Ran>}
 */
export function run(args, env = {}, cwd = ROOT, node = process.execPath) {
  return new Promise((resolve) => {
    const options = { cwd, env: bareEnvironment(env), timeout: 120_000 };
    const child = execFile(node, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? -1), stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** @type {(args: string[], env?: Variables) => Promise<Ran>} */
export const steward = (args, env) => run([MAIN, ...args], env);

/** @type {(args: string[], env?: Variables, cwd?: string) => Promise<Ran>} */
export const prisma = (args, env, cwd) =>
  run([path.join(ROOT, 'node_modules', 'prisma', 'build', 'index.js'), ...args], env, cwd);
