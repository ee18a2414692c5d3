import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { bareEnvironment } from '../tests/support/command.mjs';

const START_MS = 60_000;

/**
 * Starts a `steward http` on a free loopback port and an embedded database, and waits until it can serve.
 * @param {string[]} args for Node
 * @param {Record<string, string>} settings with the folder of the database, which ends with the last process that uses it
 */
export async function startSteward(args, settings) {
  const env = bareEnvironment({
    HTTP_PORT: '0',
    HTTP_HOST: '127.0.0.1',
    AUTH_MODE: 'none',
    STEWARD_EMBEDDED_LINGER_MS: '0',
    STEWARD_CALLER: 'conformance',
    ...settings,
  });
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  process.once('exit', () => child.kill());
  const exited = once(child, 'close');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
  // The last line may still be on its way.
  const lines = () => stderr.split('\n').slice(0, -1);
  /** @returns {Record<string, any>[]} */
  const log = () =>
    lines()
      .filter(isOfLog)
      .map((line) => JSON.parse(line));
  const stop = async () => {
    child.kill();
    await exited;
  };
  const until = Date.now() + START_MS;
  for (;;) {
    const port = log().find(({ message }) => message === 'serving over http')?.['port'];
    if (port && (await isReady(port)))
      return {
        url: `http://127.0.0.1:${port}/mcp`,
        log,
        /** Its logged faults, and all stderr lines that are not of the log. */
        faults: () => lines().filter((line) => !isOfLog(line) || JSON.parse(line).level === 'error'),
        stop,
      };
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`steward http did not start:\n${stderr}`);
    }
    await setTimeout(100);
  }
}

/** One of several databases is enough for the status. @param {number} port @returns whether all of them answer */
async function isReady(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
  return answer?.status === 200 && !(await answer.text()).includes('does not answer');
}

/** @param {string} line of stderr */
const isOfLog = (line) => line.startsWith('{');
