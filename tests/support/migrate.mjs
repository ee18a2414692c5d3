import { prisma, steward } from './command.mjs';

/** Brings the schema of a database up to date, and makes the database where there is none. @param {string} url */
export async function migrate(url) {
  succeeded(await prisma(['migrate', 'deploy'], { DATABASE_URL: url }));
}

/** Gives a database what all others start from: the schema and the sample. @param {string} url */
export async function migrateAndSeed(url) {
  await migrate(url);
  succeeded(await steward(['seed'], { DATABASE_URL: url }));
}

/** @param {import('./command.mjs').Ran} ran */
export function succeeded({ code, stdout, stderr }) {
  if (code !== 0) throw new Error(`The database could not be prepared:\n${stdout}\n${stderr}`);
}
