import pg from 'pg';
import { atEnd } from './cleanup.mjs';
import { progress } from './progress.mjs';

/**
 * A database that is filled, until the end.
 * @param {string} server URL of a server on which databases may be created
 * @param {string} name
 * @param {{ keep: boolean, again: boolean }} options `keep`: whether to leave it; `again`: whether to take one that was kept
 * @param {(client: pg.Client, url: string) => Promise<unknown>} fill
 * @returns {Promise<string>} its URL
 */
export async function filledDatabase(server, name, { keep, again }, fill) {
  const admin = await connectTo(server);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const there = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (again && there.rows.length > 0) return url.href;
  let isFilled = false;
  const drop = () => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  // One that was not filled to its end is of no use to `--again`.
  atEnd(() => (keep && isFilled ? console.error(`Kept: ${name}`) : drop()));
  await drop();
  progress(`${name}: filling it`);
  await admin.query(`CREATE DATABASE ${name}`);
  await fill(await connectTo(url.href), url.href);
  isFilled = true;
  return url.href;
}

/** Connects until the end. @param {string} url */
export async function connectTo(url) {
  const client = new pg.Client({ connectionString: url });
  // The connection ends with its database when the bench stops; a pending query reports the error itself.
  client.on('error', () => {});
  await client.connect();
  atEnd(() => client.end());
  return client;
}
