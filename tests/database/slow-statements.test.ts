import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { steward } from '../support/command.mjs';
import { freshDatabase } from '../support/database.js';
import { migrate } from '../support/migrate.mjs';
import { POSTGRES_BIN, PostgresServer } from '../support/postgres-server.mjs';
import { SERVER_URL } from '../support/template.mjs';

const why =
  SERVER_URL === undefined
    ? 'on a PostgreSQL server only'
    : !hasExtension() && 'pg_stat_statements is not installed here';

describe('steward db slow', () => {
  it('says how to have a database count that does not, and exits with 1', async () => {
    const database = await freshDatabase();
    const { code, stdout, stderr } = await steward(['db', 'slow'], database.env);
    await database.drop();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    if (SERVER_URL === undefined) expect(stderr).toMatch(/^The embedded database counts no statements/);
    else expect(stderr).toMatch(ADVICE);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('says without a stack or a password that the database cannot be reached', async () => {
    const env = { DATABASE_URL: 'postgresql://someone:hunter2@127.0.0.1:1/nowhere', LOG_LEVEL: 'error' };
    const { code, stderr } = await steward(['db', 'slow'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/database cannot be reached/);
    expect(stderr).not.toMatch(/hunter2|\n\s+at /);
  });

  it.each(['0', 'ten', '10000'])('refuses --limit %s', async (limit) => {
    const { code, stderr } = await steward(['db', 'slow', `--limit=${limit}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: option '--limit <number>' argument '.*' is invalid/);
  });
});

const ADVICE =
  /shared_preload_libraries = 'pg_stat_statements'\n.*\n +CREATE EXTENSION IF NOT EXISTS pg_stat_statements;\n.*\n +GRANT pg_read_all_stats TO \w+;/;

(why ? describe.skip : describe)(
  `steward db slow on a server that counts${why ? ` (skipped: ${why})` : ''}`,
  () => {
    let server: PostgresServer;
    const reader = { user: 'reader', password: 'reading' };
    const slow = (...args: string[]) =>
      steward(['db', 'slow', ...args], { DATABASE_URL: server.url('staff') });
    const slowAsReader = () =>
      steward(['db', 'slow'], { DATABASE_URL: server.url('staff', reader), LOG_LEVEL: 'error' });

    beforeAll(async () => {
      server = await PostgresServer.create({ shared_preload_libraries: 'pg_stat_statements' });
      await migrate(server.url('staff'));
      await server.query(
        'CREATE SCHEMA statistics; CREATE EXTENSION pg_stat_statements SCHEMA statistics',
        'staff',
      );
      await server.query(`CREATE ROLE reader LOGIN PASSWORD '${reader.password}'`);
      await server.query('GRANT USAGE ON SCHEMA statistics TO reader', 'staff');
      await server.query('SELECT statistics.pg_stat_statements_reset()', 'staff');
      await server.query(`SELECT pg_sleep(0.21), 'elsewhere'`);
      await server.query(`SELECT\n  pg_sleep(0.2),\n  'a private value'`, 'staff');
      await server.query(`ALTER ROLE reader PASSWORD '${reader.password}'`, 'staff');
      await server.query('SELECT count(*) FROM users', 'staff');
      await server.query('SELECT count(*) FROM users', 'staff');
    });
    afterAll(() => server?.destroy());

    it('prints the slowest first, each in one line, with parameters for values', async () => {
      const { code, stdout, stderr } = await slow();
      const lines = stdout.split('\n');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(lines[0]).toMatch(/^ *calls +mean ms +total ms +rows +statement$/);
      expect(lines[1]).toMatch(/^ +1 +2\d\d\.\d\d +2\d\d +1 +SELECT pg_sleep\(\$1\), \$2$/);
      expect(lines).toContainEqual(
        expect.stringMatching(/^ +2 +[\d.]+ +\d+ +2 +SELECT count\(\*\) FROM users$/),
      );
    });

    it('prints nothing of other databases, no command, which would come with its values, and no more than --limit', async () => {
      const { stdout } = await slow('--limit', '100');
      expect(stdout.match(/pg_sleep/g)).toHaveLength(1);
      expect(stdout).not.toMatch(/PASSWORD|reading|a private value/i);
      expect((await slow('--limit', '1')).stdout.trimEnd().split('\n')).toHaveLength(2);
    });

    it('says which grant shows a role the statements of others', async () => {
      const hidden = await slowAsReader();
      expect(hidden.stdout).toContain('(of another role)');
      expect(hidden.stdout).not.toContain('pg_sleep');
      const grant = /GRANT pg_read_all_stats TO reader;/.exec(hidden.stderr)?.[0] ?? '';
      await server.query(grant, 'staff');
      const shown = await slowAsReader();
      expect(shown.stdout).toContain('pg_sleep');
      expect(shown.stderr).toBe('');
    });

    it('says so where the extension was made but its library is not loaded', async () => {
      const plain = await PostgresServer.create();
      try {
        await plain.query('CREATE EXTENSION pg_stat_statements');
        const { code, stderr } = await steward(['db', 'slow'], { DATABASE_URL: plain.url() });
        expect(code).toBe(1);
        expect(stderr).toMatch(/the server was started without its library/);
        expect(stderr).toMatch(ADVICE);
      } finally {
        await plain.destroy();
      }
    });
  },
);

function hasExtension(): boolean {
  if (POSTGRES_BIN === undefined) return false;
  try {
    const share = execFileSync(path.join(POSTGRES_BIN, 'pg_config'), ['--sharedir'], { encoding: 'utf8' });
    return existsSync(path.join(share.trim(), 'extension', 'pg_stat_statements.control'));
  } catch {
    return false;
  }
}
