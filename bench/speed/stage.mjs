import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { connectTo } from './databases.mjs';
import { topics } from './questions.mjs';
import { assertRight } from './rightness.mjs';
import { Contestant } from './servers/contestant.mjs';
import { serverKinds } from './servers/index.mjs';
import { toolboxConfig } from './servers/toolbox-config.mjs';
import { Writer } from './writer.mjs';

/** @typedef {import('./options.mjs').Options} Options */
/** @typedef {import('./servers/index.mjs').ServerKind} ServerKind */

/** The databases and servers of the figures, each opened at its first use. */
export class Stage {
  /** @type {Promise<Contestant[]> | undefined} */
  #overStdio;
  /** @type {Promise<Contestant[]> | undefined} */
  #overHttp;

  /**
   * @param {object} parts
   * @param {Options} parts.options
   * @param {import('./databases.mjs').Databases} parts.databases
   * @param {import('./cleanup.mjs').Cleanup} parts.cleanup
   * @param {string} parts.folder
   * @param {ServerKind[]} parts.kinds
   * @param {import('./questions.mjs').Topic[]} parts.topics
   * @param {import('pg').Client} parts.client
   * @param {Writer} parts.writer
   */
  constructor({ options, databases, cleanup, folder, kinds, topics: all, client, writer }) {
    this.options = options;
    this.databases = databases;
    this.cleanup = cleanup;
    this.folder = folder;
    this.kinds = kinds;
    this.topics = all;
    this.client = client;
    this.writer = writer;
  }

  /**
   * @param {Options} options
   * @param {import('./databases.mjs').Databases} databases
   * @param {import('./servers/peers.mjs').Peers} peers
   * @param {import('./cleanup.mjs').Cleanup} cleanup
   */
  static async open(options, databases, peers, cleanup) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-bench-'));
    cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const url = await databases.url(options.size.users);
    const toolboxFile = path.join(folder, 'toolbox.yaml');
    await writeFile(toolboxFile, toolboxConfig(url));
    const kinds = serverKinds(url, peers, toolboxFile);
    const client = await connectTo(url);
    cleanup.add(() => client.end());
    const writing = await connectTo(url);
    cleanup.add(() => writing.end());
    const writer = await Writer.of(writing, 'newest');
    const all = await topics(client);
    return new Stage({ options, databases, cleanup, folder, kinds, topics: all, client, writer });
  }

  /** @param {string} name */
  kind(name) {
    const kind = this.kinds.find((known) => known.name === name);
    if (!kind) throw new Error(`There is no server ${name}`);
    return kind;
  }

  overStdio() {
    return (this.#overStdio ??= this.#openAll(this.kinds, (kind) => this.start(kind)));
  }

  overHttp() {
    const kinds = this.kinds.filter(({ http }) => http);
    return (this.#overHttp ??= this.#openAll(kinds, (kind) => this.#startHttp(kind)));
  }

  /** Another process of its own, over stdio. @param {ServerKind} kind */
  async start(kind) {
    const contestant = await Contestant.overStdio(kind, this.folder);
    this.cleanup.add(() => contestant.stop());
    return contestant;
  }

  /** @param {ServerKind} kind */
  async #startHttp(kind) {
    const contestant = await Contestant.overHttp(kind, this.folder);
    this.cleanup.add(() => contestant.stop());
    return contestant;
  }

  /**
   * None is timed before it has answered rightly, and often enough to be warm.
   * @param {ServerKind[]} kinds
   * @param {(kind: ServerKind) => Promise<Contestant>} start
   */
  async #openAll(kinds, start) {
    const contestants = [];
    for (const kind of kinds) contestants.push(await start(kind));
    for (const contestant of contestants) {
      for (const { one, others } of this.topics) {
        if (contestant.kind.looksUp)
          for (const question of [one, ...others]) await assertRight(contestant, question, this.client);
        for (let call = 0; call < this.options.warmUp; call += 1) await contestant.ask(one);
      }
    }
    return contestants;
  }
}
