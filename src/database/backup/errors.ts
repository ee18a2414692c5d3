/** A backup cannot be made or restored. The message says why, what became of the database, and what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}
