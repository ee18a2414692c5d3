#!/usr/bin/env node
// Shows by which indexes PostgreSQL answers every read of the directory, and fails where one scans a table or reads
// more rows than it should. The statements are those that the domain really sends: they are caught on their way.
import { parseArgs } from 'node:util';
import { atEnd, cleanUp } from '../cleanup.mjs';
import { connectTo, filledDatabase } from '../database.mjs';
import { openDirectory } from '../directory.mjs';
import { fill } from '../fill.mjs';
import { progress } from '../progress.mjs';
import { judge, readsLargeTable } from './plan.mjs';
import { allReads } from './reads.mjs';
import { printTable } from './table.mjs';

const HELP = `Usage: npm run explain -- [USERS] [--keep] [--again]

Creates the database steward_explain with USERS users (default 1000000, which takes some minutes), explains every read
of the directory once planned for its values (custom) and once for any values (generic, which PostgreSQL may choose for
a named prepared statement), prints one row for each plan, and drops the database again.

  --keep   leave the database where it is
  --again  explain the database that --keep left, and leave it
  --help   this text

TEST_DATABASE_URL names a server on which databases may be created, for instance
  TEST_DATABASE_URL=postgresql://postgres@127.0.0.1:5432/postgres

Exit code 1: a read has a sequential scan on a large table, or reads more rows than its bound. (With few users that is
as it should be: PostgreSQL rightly scans a table that is small.)`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    keep: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const userCount = Number(positionals[0] ?? 1_000_000);
const server = process.env['TEST_DATABASE_URL'];
if (flags.help || !server || !Number.isInteger(userCount) || userCount < 1000) {
  console.error(
    flags.help ? HELP : `TEST_DATABASE_URL is not set, or USERS is not a number from 1000.\n\n${HELP}`,
  );
  process.exit(flags.help ? 0 : 2);
}

try {
  const { keep, again } = flags;
  const options = { keep: keep || again, again };
  const url = await filledDatabase(server, 'steward_explain', options, (client, at) =>
    fill(client, at, userCount),
  );
  process.exitCode = (await explainAll(url)) ? 0 : 1;
} finally {
  await cleanUp();
}

/** @param {string} url @returns {Promise<boolean>} whether all is well */
async function explainAll(url) {
  const client = await connectTo(url);
  const { directory, caughtWhile, close } = openDirectory(url);
  atEnd(close);
  const rows = [];
  const shown = new Set();
  for (const read of await allReads(directory, client, userCount)) {
    for (const statement of await caughtWhile(read.run)) {
      // Look-ups in small tables are the same in every read.
      if (!readsLargeTable(statement) && shown.has(statement.text)) continue;
      shown.add(statement.text);
      rows.push(await judge(client, read, statement));
    }
    progress(`explained: ${read.label}`);
  }
  printTable(rows, userCount);
  return rows.every((row) => row.verdict === '');
}
