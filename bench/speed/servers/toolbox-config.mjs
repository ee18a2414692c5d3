import { stringify } from 'yaml';
import { PREPARED } from '../questions.mjs';

/** The configuration file of Toolbox: one source, and a tool for each kind of question. @param {string} databaseUrl */
export function toolboxConfig(databaseUrl) {
  const url = new URL(databaseUrl);
  const source = {
    kind: 'source',
    name: 'staff',
    type: 'postgres',
    host: url.hostname,
    port: Number(url.port || 5432),
    database: url.pathname.slice(1),
    user: decodeURIComponent(url.username),
    // It takes no empty one; a server that asks for none ignores it.
    password: decodeURIComponent(url.password) || 'none',
    queryParams: { sslmode: url.searchParams.get('sslmode') ?? 'disable' },
  };
  const department = { name: 'department', type: 'string', description: 'Name of a department' };
  const role = { name: 'role', type: 'string', description: 'Role' };
  const limit = { name: 'limit', type: 'integer', description: 'How many at most' };
  const tool = { kind: 'tool', type: 'postgres-sql', source: source.name };
  const documents = [
    source,
    {
      ...tool,
      name: 'list_recent_users',
      description: 'The users created last',
      parameters: [limit],
      statement: PREPARED.newest,
    },
    {
      ...tool,
      name: 'find_users',
      description: 'Users of a department and a role',
      parameters: [department, role, limit],
      statement: PREPARED.byCriteria,
    },
  ];
  return documents.map((document) => stringify(document)).join('---\n');
}
