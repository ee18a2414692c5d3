import { brokenRules, census } from '../../tests/support/data-rules.mjs';
import { auditRows, compareWithAudit } from './audit.mjs';
import { impossibleSightings } from './sightings.mjs';

/** @typedef {import('../../tests/support/data-rules.mjs').Queried} Queried */
/**
 * Who asked for what, and where it should be now.
 * @typedef {{ journal: import('./journal.mjs').Journal, people: import('./people.mjs').People, postgres: Queried, actor: string }} Account
 */

/** Holds everything that was asked for, answered and seen against the database. @param {Account} account */
export async function holdAgainstDatabase({ journal, people, postgres, actor }) {
  const rows = await auditRows(postgres);
  learnOfTheDoubtful({ journal, people }, rows);
  const { lost, tooMany, doubtfulMade } = compareWithAudit(journal, rows, actor);
  return {
    rows: rows.length,
    lost,
    tooMany,
    doubtfulMade,
    wrong: [...journal.wrong, ...impossibleSightings(journal, rows, people.initial)],
    inconsistent: await inconsistencies(postgres),
  };
}

/** Those who were created although nobody was told are known by the audit log only. @param {Pick<Account, 'journal' | 'people'>} account @param {import('./audit.mjs').Row[]} rows */
function learnOfTheDoubtful({ journal, people }, rows) {
  const asked = new Map(journal.writes.map((write) => [write.value, write]));
  for (const { field, user, value } of rows)
    if (field === 'created') people.add(user, value, asked.get(value)?.initial ?? {});
}

/** What does not fit together in the database, whoever wrote it. @param {Queried} postgres */
export async function inconsistencies(postgres) {
  const { counted, users } = await census(postgres);
  const broken = Object.entries(await brokenRules(postgres)).map(
    ([rule, rows]) => `${rule}: ${rows.length} times not, such as ${JSON.stringify(rows[0])}`,
  );
  return counted === users ? broken : [...broken, `${users} users, but a head count of ${counted}`];
}
