import { readdir, readFile } from 'node:fs/promises';
import { progress } from '../../progress.mjs';
import { rowsOf } from '../compare.mjs';
import { TOOLBOX } from '../servers/index.mjs';

const AT_ONCE = 8;

/** @param {import('../stage.mjs').Stage} stage */
export async function measureMemory({ options: { callsBeforeMemory: calls }, kinds, topics, start }) {
  const figure = `resident memory after ${calls.toLocaleString('en')} calls, stdio`;
  progress(figure);
  // Queries of all kinds, so that all caches are filled.
  const questions = topics.flatMap(({ one, others }) => [one, ...others]);
  /** @type {Map<string, number[]>} */
  const measured = new Map();
  for (const kind of kinds) {
    const contestant = await start(kind);
    let next = 0;
    const work = async () => {
      while (next < calls) {
        const question = questions[next++ % questions.length];
        if (question) await contestant.ask(question);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    measured.set(kind.name, [(await memoryOfTree(contestant.pid)) / 2 ** 20]);
    await contestant.stop();
  }
  return rowsOf({ figure, form: '', unit: 'MB', targets: { [TOOLBOX]: { most: 1.4 } } }, measured);
}

/** Resident memory of a process and of all that it started, in bytes; Linux only. @param {number} pid */
export async function memoryOfTree(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  let bytes = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const children = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8');
    for (const child of children.split(' ').filter(Boolean)) bytes += await memoryOfTree(Number(child));
  }
  return bytes;
}
