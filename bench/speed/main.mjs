#!/usr/bin/env node
// Compares the speed of Steward with other MCP servers for PostgreSQL: all on one database, side by side, in alternating blocks.
import { readFile, writeFile } from 'node:fs/promises';
import { PackagesUnavailableError } from '../../scripts/cached-packages.mjs';
import { formatMarkdown, replaceSection } from '../../scripts/markdown.mjs';
import { cleanUp, isOver } from '../cleanup.mjs';
import { connectTo } from '../database.mjs';
import { progress } from '../progress.mjs';
import { FIGURES } from './figures/index.mjs';
import { HELP, readOptions } from './options.mjs';
import { inOneLine, isReached, report } from './report.mjs';
import { prepareStages } from './stage.mjs';

const SECTION = 'bench';

try {
  const options = readOptions();
  const server = process.env['TEST_DATABASE_URL'];
  if (!options.help && !server) throw new Error('TEST_DATABASE_URL is not set.');
  if (options.help) console.error(HELP);
  else process.exitCode = await run(options, server ?? '');
} catch (error) {
  console.error(`${/** @type {Error} */ (error).message}\n\n${HELP}`);
  process.exitCode = 2;
}

/** @param {import('./options.mjs').Options} options @param {string} server @returns {Promise<number>} the exit code */
async function run(options, server) {
  const { write, only, judge } = options;
  try {
    // Before anything is measured in vain.
    if (write) replaceSection(await readFile(write, 'utf8'), SECTION, '');
    const stages = await prepareStages(options, server);
    const rows = [];
    for (const { measure } of FIGURES.filter(({ name }) => only.includes(name))) {
      const measured = await measure(stages);
      // A long run that is broken off has told what it found until then.
      for (const row of measured) progress(inOneLine(row));
      rows.push(...measured);
    }
    const client = await connectTo(server);
    const { rows: versions } = await client.query('SHOW server_version');
    const text = await formatMarkdown(
      report(rows, options, versions[0].server_version),
      import.meta.filename,
    );
    console.log(text);
    if (write) {
      const written = replaceSection(await readFile(write, 'utf8'), SECTION, text.trim());
      await writeFile(write, await formatMarkdown(written, write));
    }
    return judge && rows.some((row) => isReached(row) === false) ? 1 : 0;
  } catch (error) {
    // An error during the cleanup was caused by it.
    if (isOver()) return 130;
    console.error(error instanceof PackagesUnavailableError ? error.message : error);
    return error instanceof PackagesUnavailableError ? 2 : 1;
  } finally {
    await cleanUp();
  }
}
