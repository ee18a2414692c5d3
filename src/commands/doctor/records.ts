import { connect } from '../../database/pool.js';
import { ReadOnlyPool } from '../../database/read-only-pool.js';
import { createClient } from '../../directory/database.js';
import type { Log } from '../../observability/log.js';
import { inspectDatabase, type Inspection } from '../../records/inspect/inspect.js';
import type { Config } from '../../settings/config.js';
import type { ServedDatabase } from '../configuration.js';
import { checkConnection, describeConnectionFailure } from './connection.js';
import type { Finding } from './index.js';

/** Compares a database of the configuration with its schema. */
export async function checkRecords(
  { url, exposure, sight }: ServedDatabase,
  { database }: Config,
  log: Log,
): Promise<Finding[]> {
  const session = { ...database.session, ...sight };
  const connections = connect(url, session, createClient, log, ReadOnlyPool);
  try {
    const { version, findings } = await checkConnection(connections);
    const inspection = await inspectDatabase(exposure, (statement) =>
      connections.client.$queryRaw(statement),
    );
    return [
      ...findings,
      ...exposure.differences.map((text): Finding => ({ level: 'warning', text })),
      ...describe(inspection, version.includes('PGlite')),
    ];
  } catch (error) {
    return [describeConnectionFailure(error)];
  } finally {
    await connections.close();
  }
}

function describe({ models, fields, differences, writable }: Inspection, embedded: boolean): Finding[] {
  const failed = differences.some(({ level }) => level === 'problem');
  const compared = `schema: ${models} models with ${fields} fields are in the database`;
  return [
    ...(failed ? [] : [{ level: 'ok', text: compared } as const]),
    ...differences,
    // PGlite has one user, who may do everything.
    ...(embedded || writable.length === 0 ? [] : [describeWritable(writable)]),
  ];
}

/** Steward reads in transactions that cannot write. A role that cannot either is a second wall. */
function describeWritable(models: string[]): Finding {
  return {
    level: 'warning',
    text: `privileges: Steward only reads, and its role may change ${models.join(', ')}`,
    remedy: 'connect as a role that has SELECT and nothing else',
  };
}
