import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { atEnd } from '../cleanup.mjs';
import { connectTo, filledDatabase } from '../database.mjs';
import { fill } from '../fill.mjs';
import { remembering } from '../remembering.mjs';
import { allTopics, TOOLBOX_TOOLS } from './questions.mjs';
import { assertRight } from './rightness.mjs';
import { openContestant } from './servers/contestant.mjs';
import { serverKinds } from './servers/index.mjs';
import { installPeers, toolboxConfig } from './servers/peers.mjs';
import { openShop } from './shop/stage.mjs';
import { openWriter } from './writer.mjs';

/** What each stage stands on. @typedef {Awaited<ReturnType<typeof prepare>>} Ground */
/** @typedef {Awaited<ReturnType<typeof openDirectoryStage>>} Stage */
/** @typedef {import('./shop/stage.mjs').Shop} Shop */
/** Opened at their first use. @typedef {{ directory: () => Promise<Stage>, shop: () => Promise<Shop> }} Stages */
/** @typedef {import('./servers/index.mjs').ServerKind} ServerKind */

/**
 * @param {import('./options.mjs').Options} options
 * @param {string} server URL of a server on which databases may be created
 * @returns {Promise<Stages>}
 */
export async function prepareStages(options, server) {
  const ground = await prepare(options, server);
  /** @type {Promise<Stage> | undefined} */
  let directory;
  /** @type {Promise<Shop> | undefined} */
  let shop;
  return {
    directory: () => (directory ??= openDirectoryStage(ground)),
    shop: () => (shop ??= openShop(ground)),
  };
}

/** @param {import('./options.mjs').Options} options @param {string} server */
async function prepare(options, server) {
  const peers = await installPeers();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-bench-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return {
    options,
    server,
    peers,
    folder,
    /** @param {string} name @param {Parameters<typeof filledDatabase>[3]} filling */
    filled: (name, filling) => filledDatabase(server, `steward_bench_${name}`, options, filling),
    /** A process of its own, over stdio. @template Asked @param {import('./servers/index.mjs').ServerKind<Asked>} kind */
    start: (kind) => openContestant(kind, folder, false),
  };
}

/** The staff directory, its servers and its questions. @param {Ground} ground */
async function openDirectoryStage(ground) {
  const { options, peers, folder, filled } = ground;
  const database = remembering((/** @type {number} */ users) =>
    filled(String(users), (client, url) => fill(client, url, users)),
  );
  const url = await database(options.size.users);
  const client = await connectTo(url);
  const writer = await openWriter(url, 'newest');
  const topics = await allTopics(client);
  const toolboxFile = path.join(folder, 'toolbox.yaml');
  await writeFile(toolboxFile, toolboxConfig(url, TOOLBOX_TOOLS));
  const kinds = serverKinds(url, peers, toolboxFile);

  /** None is timed before it has answered rightly, and often enough to be warm. */
  const openAll = remembering(async (/** @type {'stdio' | 'http'} */ transport) => {
    const contestants = [];
    for (const kind of kinds.filter((known) => known[transport]))
      contestants.push(await openContestant(kind, folder, transport === 'http'));
    for (const contestant of contestants) {
      for (const { one, others } of topics) {
        if (contestant.kind.looksUp)
          for (const question of [one, ...others]) await assertRight(contestant, question, client);
        for (let call = 0; call < options.warmUp; call += 1) await contestant.ask(one);
      }
    }
    return contestants;
  });

  return {
    ...ground,
    database,
    client,
    writer,
    topics,
    kinds,
    overStdio: () => openAll('stdio'),
    overHttp: () => openAll('http'),
  };
}
