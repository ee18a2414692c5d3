import pg from 'pg';
import { migrate } from '../tests/support/migrate.mjs';
import { atEnd } from './cleanup.mjs';
import { fill } from './fill.mjs';
import { progress } from './progress.mjs';

/**
 * A database with so many users.
 * @param {string} server URL of a server on which databases may be created
 * @param {string} name
 * @param {number} userCount
 * @param {{ keep: boolean, again: boolean }} options `again`: whether to take one that was kept
 * @returns {Promise<string>} its URL
 */
export async function filledDatabase(server, name, userCount, { keep, again }) {
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
  await migrate(url.href);
  const client = await connectTo(url.href);
  await fill(client, userCount);
  isFilled = true;
  return url.href;
}

/** A database of these tables, until the end. @param {string} server @param {string} name @param {string} tables */
export async function createDatabase(server, name, tables) {
  const admin = await connectTo(server);
  const drop = () => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await drop();
  atEnd(drop);
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = await connectTo(url.href);
  await client.query(tables);
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
