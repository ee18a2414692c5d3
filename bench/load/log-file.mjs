import { readFile } from 'node:fs/promises';

/** The lines of a log that tell of the server's own faults. @param {string} file @returns {Promise<string[]>} */
export async function faultsIn(file) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.filter((line) => {
    try {
      return JSON.parse(line).level === 'error';
    } catch {
      // The last line of one that was killed may be cut short; anything else is not of the log.
      return !line.startsWith('{');
    }
  });
}
