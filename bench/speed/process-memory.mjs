import { readdir, readFile } from 'node:fs/promises';

/** Resident memory of a process and of all that it started, in bytes; Linux only. @param {number} pid */
export async function memoryOfTree(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  let bytes = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  for (const child of await childrenOf(pid)) bytes += await memoryOfTree(child);
  return bytes;
}

/** @param {number} pid */
async function childrenOf(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')),
  );
  return lists.join(' ').split(/\s+/).filter(Boolean).map(Number);
}
