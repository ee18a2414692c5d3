import type { PrimarySession } from './replicas/primary-session.js';
import { TableVersion, type Version } from './table-version.js';

/** By which it is seen whether what is kept in memory is still what the database holds. */
export interface DirectoryVersions {
  /** Of the names of departments, which hardly ever change. */
  departments: Version;
  /** Of users, departments and head counts. */
  directory: Version;
}

export function createDirectoryVersions(session: PrimarySession): DirectoryVersions {
  return {
    departments: new TableVersion(session, 'departments_version', ['departments']),
    directory: new TableVersion(session, 'directory_version', ['users', 'departments', 'headcounts']),
  };
}
