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

/**
 * The environment in which PostgreSQL's own programs connect to the database of a URL. Nothing of it stands on a command
 * line, which every user of the machine can read.
 */
export function connectionEnvironment(url: string): NodeJS.ProcessEnv {
  const { host, port, user, database, password } = new pg.Client({ connectionString: url });
  const variables: NodeJS.ProcessEnv = {
    ...process.env,
    // What they say is read here, too.
    LC_ALL: 'C',
    PGAPPNAME: 'steward',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
  };
  if (typeof password === 'string' && password !== '') variables['PGPASSWORD'] = password;
  const { searchParams } = new URL(url);
  for (const [parameter, variable] of Object.entries(VARIABLES)) {
    const value = searchParams.get(parameter);
    // Steward's driver knows one mode more than libpq.
    if (value) variables[variable] = value === 'no-verify' ? 'require' : value;
  }
  return variables;
}
