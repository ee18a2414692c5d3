import { databaseCode } from '../database/errors.js';
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
    /^42501$/,
    'SCHEMA_CHANGED',
    'The database does not let Steward read this. The operator finds out why with: steward doctor',
  ],
];

/** @returns undefined for a failure that does not depend on what was read */
export function translateReadError(thrown: unknown): StewardError | undefined {
  const code = databaseCode(thrown);
  const meaning = MEANINGS.find(([pattern]) => code !== undefined && pattern.test(code));
  return meaning && new StewardError(meaning[1], meaning[2], { cause: thrown });
}
