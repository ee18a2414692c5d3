import pg from 'pg';

/** Variables that cannot select another database. PGSERVICE and PGHOSTADDR can: they override PGHOST. */
const KEPT = /^(?!PG)|^PGPASSFILE$|^PGSSL/;

/** The environment for PostgreSQL's programs to connect to a URL. Other users can read a command line, but not this. */
export function connectionEnvironment(url: string): NodeJS.ProcessEnv {
  const client = new pg.Client({ connectionString: url });
  const { searchParams } = new URL(url);
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name))),
    LC_ALL: 'C',
    PGAPPNAME: 'steward',
    PGHOST: client.host,
    PGPORT: String(client.port),
    PGUSER: client.user,
    PGDATABASE: client.database,
  };
  if (client.password) env['PGPASSWORD'] = client.password;
  for (const name of ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'options', 'target_session_attrs']) {
    const value = searchParams.get(name);
    if (value) env[`PG${name.replaceAll('_', '').toUpperCase()}`] = value;
  }
  // pg has two modes that libpq lacks: ssl=true and no-verify. libpq checks certificates only with the authority's own.
  if (env['PGSSLMODE'] === 'no-verify') env['PGSSLMODE'] = 'require';
  else if (client.ssl && !searchParams.has('sslmode') && !env['PGSSLMODE']?.startsWith('verify')) {
    const checked = env['PGSSLROOTCERT'] && searchParams.get('ssl') !== 'no-verify';
    env['PGSSLMODE'] = checked ? 'verify-full' : 'require';
  }
  return env;
}
