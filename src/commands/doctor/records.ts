import { connect } from '../../database/pool.js';
import { ReadOnlyPool } from '../../database/read-only-pool.js';
import { createClient } from '../../directory/database.js';
import type { Log } from '../../observability/log.js';
import { inspectDatabase, type Inspection } from '../../records/inspect/inspect.js';
import type { Read } from '../../records/inspect/catalogue.js';
import { inspectTenants, type TenantInspection } from '../../records/inspect/tenants.js';
import type { Config } from '../../settings/config.js';
import type { ServedDatabase } from '../configuration.js';
import { checkConnection, describeConnectionFailure } from './connection.js';
import type { Finding } from './index.js';
import { checkText } from './text.js';

/** Compares a database of the configuration with its schema. */
export async function checkRecords(
  { url, schema, exposure, unreviewed, sight }: ServedDatabase,
  { database }: Config,
  log: Log,
): Promise<Finding[]> {
  const session = { ...database.session, ...sight };
  const connections = connect(url, session, createClient, log, ReadOnlyPool);
  try {
    const { embedded, findings } = await checkConnection(connections);
    const read: Read = (statement) => connections.client.$queryRaw(statement);
    const inspection = await inspectDatabase({ schema, exposure }, read);
    const tenants = await inspectTenants(exposure, read);
    return [
      ...findings,
      ...(embedded ? [] : await checkText(connections.pool)),
      ...exposure.warnings.map((text): Finding => ({ level: 'warning', text })),
      ...describeTenants(tenants),
      ...describe(inspection, embedded),
      ...(unreviewed.length === 0 ? [] : [describeUnreviewed(unreviewed)]),
    ];
  } catch (error) {
    return [describeConnectionFailure(error)];
  } finally {
    await connections.close();
  }
}

function describe(
  { models, fields, differences, writable, readable }: Inspection,
  embedded: boolean,
): Finding[] {
  const failed = differences.some(({ level }) => level === 'problem');
  const compared = `schema: ${models} models with ${fields} fields are in the database`;
  return [
    ...(failed ? [] : [{ level: 'ok', text: compared } as const]),
    ...differences,
    // PGlite has one user, who may do everything.
    ...(embedded || writable.length === 0 ? [] : [describeWritable(writable)]),
    ...(embedded || readable.length === 0 ? [] : [describeReadable(readable)]),
  ];
}

function describeTenants({ withheld, doubts }: TenantInspection): Finding[] {
  return [
    ...withheld.map(({ model, reason, remedy }): Finding => ({
      level: 'problem',
      text: `tenants: ${model.name} is not served, because ${reason}`,
      remedy,
    })),
    ...doubts.map(({ text, remedy }): Finding => ({ level: 'warning', text: `tenants: ${text}`, remedy })),
  ];
}

function describeUnreviewed(fields: readonly string[]): Finding {
  return {
    level: 'warning',
    text: `exposure: visible, and new since the last review: ${fields.join(', ')}`,
    remedy: 'steward init --update',
  };
}

/** Steward reads in transactions that cannot write. A role that cannot either is a second wall. */
function describeWritable(models: string[]): Finding {
  return {
    level: 'warning',
    text: `privileges: Steward only reads, and its role may change ${models.join(', ')}`,
    remedy: 'connect as the role that steward grants prints',
  };
}

const MOST_NAMED = 12;

/** Steward never selects it. A role that cannot either keeps it hidden if Steward should be wrong. */
function describeReadable(hidden: string[]): Finding {
  const more = hidden.length > MOST_NAMED ? ` and ${hidden.length - MOST_NAMED} more` : '';
  return {
    level: 'warning',
    text: `privileges: this role may read what is hidden: ${hidden.slice(0, MOST_NAMED).join(', ')}${more}`,
    remedy: 'connect as the role that steward grants prints',
  };
}
