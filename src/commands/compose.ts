import { composeCatalogue, type Catalogue } from '../capability/catalogue.js';
import type { Domain } from '../capability/domain.js';
import { Database } from '../database/open.js';
import { check, createClient, type PrismaClient } from '../directory/database.js';
import { createDirectory } from '../directory/index.js';
import { readDirectorySettings } from '../directory/settings.js';
import { describeError, type Log } from '../observability/log.js';
import type { Config } from '../settings/config.js';
import { keepSecret, passingSecret, Secret } from '../settings/secret.js';

/** The domains to serve, and their databases. */
export interface Composition {
  domains: Domain[];
  databases: Database[];
}

export interface ComposeOptions {
  config: Config;
  log: Log;
  secret: Secret;
  /** Called when a database cannot be used until the operator does something, each time that is found. */
  onUnusable(error: Error): void;
}

/** Says what is served. */
export type Compose = (options: ComposeOptions) => Composition;

/** The staff directory. */
export const composeDirectory: Compose = ({ config, log, secret, onUnusable }) => {
  const database = openDirectoryDatabase(config, log, onUnusable);
  const settings = readDirectorySettings(config.variables);
  return { domains: [createDirectory({ database, settings, secret })], databases: [database] };
};

/** The directory's database: the server that is configured, or the embedded one. */
export function openDirectoryDatabase(
  { database }: Config,
  log: Log,
  onUnusable?: (error: Error) => void,
): Database<PrismaClient> {
  const openEmbedded = async () => {
    // Loaded only where there is no server.
    const { openPrepared } = await import('../directory/prepare-embedded.js');
    return openPrepared(database, log, (text) => log.info(text));
  };
  return new Database({
    name: 'directory',
    url: database.url ?? openEmbedded,
    replicaUrls: database.replicaUrls,
    session: database.session,
    createClient,
    check,
    log,
    onUnusable,
  });
}

/** A composition with its catalogue. */
export interface Served extends Composition {
  catalogue: Catalogue;
}

/** @throws OperatorError where the domains do not go together */
export function composeServer(compose: Compose, options: Omit<ComposeOptions, 'secret'>): Served {
  const composition = compose({ ...options, secret: openSecret(options.config, options.log) });
  return { ...composition, catalogue: composeCatalogue(composition.domains) };
}

/** The configured secret, or the one that is kept in the data folder. */
function openSecret({ secrets, database }: Config, log: Log): Secret {
  if (secrets) return new Secret(secrets);
  const { dataDir } = database.embedded;
  try {
    return keepSecret(dataDir);
  } catch (error) {
    log.warn('no secret can be kept, so cursors end with this process; set STEWARD_SECRET', {
      folder: dataDir,
      cause: describeError(error),
    });
    return passingSecret();
  }
}
