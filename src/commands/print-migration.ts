import { OperatorError } from '../errors.js';
import { writeGrants } from '../records/grants.js';
import { writePolicies } from '../records/policies.js';
import { readConfigured, type ServedDatabase } from './configuration.js';
import { readConfig } from './read-config.js';

export interface MigrationOptions {
  database?: string;
  role?: string;
}

/** Prints the policies of a database's tenants, and their indexes. @throws OperatorError */
export function printPolicies(options: MigrationOptions): void {
  const { name, exposure, schema } = chooseDatabase(options);
  if (exposure.tenantModels.length === 0)
    throw new OperatorError(
      `Nothing says whose a row of ${name} is. Mark a field: /// @mcp.tenant("app.tenant"), or say it in the configuration.`,
    );
  process.stdout.write(writePolicies(exposure, roleOf(name, options), schema));
}

/** Prints a role that may read what the configuration shows, and nothing else. @throws OperatorError */
export function printGrants(options: MigrationOptions): void {
  const { name, exposure, schema } = chooseDatabase(options);
  process.stdout.write(writeGrants(exposure, roleOf(name, options), schema));
}

function roleOf(name: string, { role = `${name}_reader` }: MigrationOptions): string {
  return role;
}

/** The database with the schema of tables that name none: its owner's search path may be another than Steward's. */
function chooseDatabase({
  database,
}: MigrationOptions): Pick<ServedDatabase, 'name' | 'exposure'> & { schema: string } {
  const { records } = readConfigured(readConfig());
  const found = database === undefined ? records : records.filter(({ name }) => name === database);
  const [one, another] = found;
  if (one && !another)
    return { name: one.name, exposure: one.exposure, schema: one.sight.searchPath?.[0] ?? 'public' };
  const names = records.map(({ name }) => name).join(', ');
  throw new OperatorError(
    names === ''
      ? 'The configuration names no database with records. To make one: steward init'
      : `Say which database: --database NAME, of ${names}.`,
  );
}
