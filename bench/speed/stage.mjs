import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { atEnd } from '../cleanup.mjs';
import { connectTo, filledDatabase } from '../database.mjs';
import { allTopics } from './questions.mjs';
import { assertRight } from './rightness.mjs';
import { openContestant } from './servers/contestant.mjs';
import { serverKinds } from './servers/index.mjs';
import { installPeers, toolboxConfig } from './servers/peers.mjs';
import { openWriter } from './writer.mjs';

/** @typedef {Awaited<ReturnType<typeof openStage>>} Stage */
/** @typedef {import('./servers/index.mjs').ServerKind} ServerKind */

/**
 * The databases and servers of the figures, most of them opened at their first use.
 * @param {import('./options.mjs').Options} options
 * @param {string} server URL of a server on which databases may be created
 */
export async function openStage(options, server) {
  const peers = await installPeers();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-bench-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const database = remembering((/** @type {number} */ users) =>
    filledDatabase(server, `steward_bench_${users}`, users, options),
  );
  const url = await database(options.size.users);
  const client = await connectTo(url);
  const writer = await openWriter(url, 'newest');
  const topics = await allTopics(client);
  const toolboxFile = path.join(folder, 'toolbox.yaml');
  await writeFile(toolboxFile, toolboxConfig(url));
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
    options,
    server,
    folder,
    database,
    client,
    writer,
    topics,
    kinds,
    overStdio: () => openAll('stdio'),
    overHttp: () => openAll('http'),
    /** Another process of its own, over stdio. @param {ServerKind} kind */
    start: (kind) => openContestant(kind, folder, false),
  };
}

/** @template Key, Value @param {(key: Key) => Value} make @returns {(key: Key) => Value} what makes each value once */
function remembering(make) {
  /** @type {Map<Key, Value>} */
  const made = new Map();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
