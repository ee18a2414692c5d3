import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { remembering } from '../../remembering.mjs';
import { openContestant } from '../servers/contestant.mjs';
import { dbhub, steward, toolbox } from '../servers/index.mjs';
import { toolboxConfig } from '../servers/peers.mjs';
import { fillShop } from './fill.mjs';
import { findShape, TOOLBOX_TOOLS } from './questions.mjs';

/** @typedef {Awaited<ReturnType<typeof openShop>>} Shop */
/** @typedef {import('./questions.mjs').Question} Question */
/** @typedef {import('../servers/index.mjs').ServerKind<Question>} ShopServer */
/** @typedef {import('../servers/contestant.mjs').Contestant<Question>} ShopContestant */

/** Of those that warm a server up: no figure asks them. */
const FIRST_SEED = 1e9;

/** A shop, and the servers that answer questions about it. @param {import('../stage.mjs').Ground} ground */
export async function openShop(ground) {
  const { options, peers, folder, filled } = ground;
  const database = remembering((/** @type {number} */ orders) =>
    filled(`shop_${orders}`, (client) => fillShop(client, orders)),
  );
  const url = await database(options.size.orders);
  const toolboxFile = path.join(folder, 'toolbox-shop.yaml');
  await writeFile(toolboxFile, toolboxConfig(url, TOOLBOX_TOOLS));
  /** @type {ShopServer[]} */
  const kinds = [
    shopSteward(url),
    toolbox(peers, toolboxFile, (question) => question.toolbox),
    dbhub(peers, url, ({ sql }) => ['execute_sql', { sql }]),
  ];
  const openAll = remembering(async (/** @type {'stdio' | 'http'} */ transport) => {
    const contestants = [];
    for (const kind of kinds.filter((known) => known[transport])) {
      const contestant = await openContestant(kind, folder, transport === 'http');
      for (let call = 0; call < options.warmUp; call += 1) await contestant.ask(findShape(FIRST_SEED + call));
      contestants.push(contestant);
    }
    return contestants;
  });
  return {
    ...ground,
    database,
    kinds,
    overStdio: () => openAll('stdio'),
    overHttp: () => openAll('http'),
  };
}

/** @param {string} url @param {string} config beside this file @returns {ShopServer} */
export function shopSteward(url, config = 'steward.config.json') {
  const kind = steward(url, { STEWARD_CONFIG: configFile(config) });
  return { ...kind, toCall: (question) => question.steward };
}

/** @param {string} name beside this file */
export const configFile = (name) => fileURLToPath(new URL(name, import.meta.url));
