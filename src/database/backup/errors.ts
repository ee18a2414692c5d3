/** A backup cannot be made or restored. The message gives the reason, the state of the database and the next step. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}
