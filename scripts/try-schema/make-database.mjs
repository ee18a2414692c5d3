import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Makes a database with the tables of a schema, as Prisma would.
 * @param {string} server address of a server on which databases may be created
 * @param {{ name: string, text: string }[]} files the schema
 * @returns {Promise<{ url: string, client: pg.Client, drop(): Promise<void> }>}
 */
export async function makeDatabase(server, files) {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  const name = `steward_try_${process.pid}`;
  await admin.query(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => {});
  await client.connect();
  await client.query(`SET TimeZone = 'UTC'`);
  const drop = async () => {
    await client.end().catch(() => {});
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.end();
  };
  try {
    for (const extension of ['citext', 'pg_trgm', 'uuid-ossp', 'pgcrypto'])
      await client.query(`CREATE EXTENSION IF NOT EXISTS "${extension}"`);
    await client.query(writeTables(files));
    return { url: url.href, client, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** @param {{ name: string, text: string }[]} files */
function writeTables(files) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'steward-try-'));
  try {
    const text = files.map((file) => file.text).join('\n');
    const file = path.join(folder, 'schema.prisma');
    writeFileSync(file, withoutSurroundings(text));
    const prisma = path.join(ROOT, 'node_modules', 'prisma', 'build', 'index.js');
    const args = [prisma, 'migrate', 'diff', '--from-empty', '--to-schema', file, '--script'];
    return execFileSync(process.execPath, args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Generators are not run, addresses and extensions are this script's. @param {string} text */
function withoutSurroundings(text) {
  const views =
    'generator client {\n  provider = "prisma-client"\n  previewFeatures = ["views", "postgresqlExtensions"]\n}\n';
  const bare = text
    .replace(/^generator\s+\w+\s*\{[^}]*\}/gm, '')
    .replace(/^\s*(url|directUrl|shadowDatabaseUrl|extensions)\s*=.*$/gm, '');
  return views + bare;
}
