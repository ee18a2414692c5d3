import pg from 'pg';

/** Parameters of a URL that libpq has an environment variable for (PostgreSQL manual, 34.15). */
const VARIABLES: Record<string, string> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  options: 'PGOPTIONS',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
};

/** What may be said of a connection beside its URL: nothing that leads to another database. */
const KEPT = /^(?!PG)|^PGPASSFILE$|^PGSSL/;

/**
 * The environment in which PostgreSQL's own programs connect to the database of a URL, and to no other: PGSERVICE and
 * PGHOSTADDR, which the driver does not know, would win over PGHOST. Nothing of it stands on a command line, which every
 * user of the machine can read.
 */
export function connectionEnvironment(url: string): NodeJS.ProcessEnv {
  const client = new pg.Client({ connectionString: url });
  const variables: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name))),
    // What they say is read here, too.
    LC_ALL: 'C',
    PGAPPNAME: 'steward',
    PGHOST: client.host,
    PGPORT: String(client.port),
    PGUSER: client.user,
    PGDATABASE: client.database,
  };
  if (typeof client.password === 'string' && client.password !== '')
    variables['PGPASSWORD'] = client.password;
  const { searchParams } = new URL(url);
  for (const [parameter, variable] of Object.entries(VARIABLES)) {
    const value = searchParams.get(parameter);
    // Steward's driver knows one mode more than libpq.
    if (value) variables[variable] = value === 'no-verify' ? 'require' : value;
  }
  if (!searchParams.has('sslmode')) Object.assign(variables, encryption(client, variables));
  return variables;
}

/**
 * What the driver takes `ssl` for, and a certificate in the URL: it encrypts, and checks the server's certificate. libpq
 * can do so only where the authority is named, and fails without.
 */
function encryption(
  { ssl }: { ssl: boolean | { rejectUnauthorized?: boolean } },
  { PGSSLMODE: mode = '', PGSSLROOTCERT: authority }: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  if (!ssl || mode.startsWith('verify')) return {};
  const checked = authority !== undefined && (ssl === true || ssl.rejectUnauthorized !== false);
  return { PGSSLMODE: checked ? 'verify-full' : 'require' };
}
