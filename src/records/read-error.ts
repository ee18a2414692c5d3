import { databaseCode, translateDatabaseError } from '../database/errors.js';
import { StewardError } from '../errors.js';

/** By SQLSTATE. PostgreSQL's own words name columns and hold values, so none of them passes. */
const MEANINGS: [RegExp, ConstructorParameters<typeof StewardError>[0], string][] = [
  [
    /^(42P01|42703|42704|42883|42804|42809|3F000|22P02|0A000)$/,
    'SCHEMA_CHANGED',
    'The database is no longer as its schema says. Other models may still answer. The operator finds the difference with: steward doctor',
  ],
  [
    /^22/,
    'VALIDATION',
    'A value does not fit its column, or a result is too large for its type. describe_models says what each field takes.',
  ],
  [
    /^25006$/,
    'SCHEMA_CHANGED',
    'Reading this would change the database, and Steward only reads. Other models may still answer. Tell the operator, whom steward doctor helps.',
  ],
];

/** Codes whose words name tables, columns and states of the server. Those of all others may repeat a value. */
const WITHOUT_VALUES = /^(0[8A]|25|28|3D|3F|4[02]|5[3578]|RL)/;

/**
 * Translates a failed read. The log, too, learns of PostgreSQL's words only where they hold no value.
 * @returns undefined for a failure that is none of the database's
 */
export function translateReadError(thrown: unknown): Error | undefined {
  const code = databaseCode(thrown);
  if (code === undefined) return translateDatabaseError(thrown);
  const cause = WITHOUT_VALUES.test(code) ? thrown : new Error(`PostgreSQL answered with SQLSTATE ${code}`);
  const meaning = MEANINGS.find(([pattern]) => pattern.test(code));
  if (meaning) return new StewardError(meaning[1], meaning[2], { cause });
  return translateDatabaseError(thrown) ?? (cause as Error);
}
