import { readdirSync, readlinkSync } from 'node:fs';

/** The requests that a process has let in and not answered, as it says itself. @param {{ port: number }} steward @param {string} token @returns {Promise<number>} */
export async function inFlight({ port }, token) {
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
  const value = /^steward_calls_in_flight (\d+)$/m.exec(await response.text())?.[1];
  if (value === undefined) throw new Error(`There are no metrics: ${response.status}`);
  return Number(value);
}

/** How many sockets a process has open, as the system says. @param {number} pid */
export function socketsOf(pid) {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((descriptor) => {
    try {
      return readlinkSync(`${folder}/${descriptor}`).startsWith('socket:');
    } catch {
      return false; // It was closed meanwhile.
    }
  }).length;
}
