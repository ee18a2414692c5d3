#!/usr/bin/env node
// Compares the speed of Steward with other MCP servers for PostgreSQL: all on one database, side by side, in alternating blocks.
import { readFile, writeFile } from 'node:fs/promises';
import { PackagesUnavailableError } from '../../scripts/cached-packages.mjs';
import { formatMarkdown, replaceSection } from '../../scripts/generated-section.mjs';
import { Cleanup } from './cleanup.mjs';
import { Databases } from './databases.mjs';
import { FIGURES } from './figures/index.mjs';
import { HELP, readOptions } from './options.mjs';
import { progress } from './progress.mjs';
import { report } from './report.mjs';
import { isReached } from './rows.mjs';
import { installPeers } from './servers/peers.mjs';
import { Stage } from './stage.mjs';
import { inOneLine } from './table.mjs';

const SECTION = 'bench';

/** @typedef {import('./options.mjs').Options} Options */

const options = readOptions();
const server = process.env['TEST_DATABASE_URL'];
if (options === 'help') {
  console.error(HELP);
} else if (options instanceof Error || !server) {
  console.error(`${options instanceof Error ? options.message : 'TEST_DATABASE_URL is not set.'}\n\n${HELP}`);
  process.exitCode = 2;
} else {
  process.exitCode = await run(options, server);
}

/** @param {Options} given @param {string} serverUrl @returns {Promise<number>} the exit code */
async function run(given, serverUrl) {
  const cleanup = new Cleanup();
  try {
    // Before anything is measured in vain.
    if (given.write) replaceSection(await readFile(given.write, 'utf8'), SECTION, '');
    const peers = await installPeers();
    const databases = new Databases(serverUrl, given, cleanup);
    const stage = await Stage.open(given, databases, peers, cleanup);
    const rows = [];
    for (const { measure } of FIGURES.filter(({ name }) => given.only.includes(name))) {
      const measured = await measure(stage);
      // A long run that is broken off has told what it found until then.
      for (const row of measured) progress(inOneLine(row));
      rows.push(...measured);
    }
    const text = await formatMarkdown(report(rows, given, await databases.version()), import.meta.filename);
    console.log(text);
    if (given.write) await write(given.write, text);
    return given.judge && rows.some((row) => isReached(row) === false) ? 1 : 0;
  } catch (error) {
    // An error during the cleanup was caused by it.
    if (cleanup.begun) return 130;
    console.error(error instanceof PackagesUnavailableError ? error.message : error);
    return error instanceof PackagesUnavailableError ? 2 : 1;
  } finally {
    await cleanup.run();
  }
}

/** @param {string} file @param {string} text */
async function write(file, text) {
  const written = replaceSection(await readFile(file, 'utf8'), SECTION, text.trim());
  await writeFile(file, await formatMarkdown(written, file));
}
