// The staff directory as it is listed, of the modules in build/. No database is opened for that.
import { WriteShare } from '../build/database/write-share.js';
import { createDirectory } from '../build/directory/index.js';
import { passingSecret } from '../build/settings/secret.js';

export const unopened = {
  ready: () => Promise.reject(new Error('Lists need no database')),
  writeShare: new WriteShare({ max: 2, acquireTimeoutMs: 0 }),
};

export const directory = createDirectory({
  database: unopened,
  settings: { CACHE_TTL_MS: 0, CONFIRM_WRITES: false },
  secret: passingSecret(),
  readOnly: false,
});

/** The rest of a tool's description is for the model that is to call it. @param {string} description */
export const firstSentence = (description) => /^.*?\.(?= |$)/.exec(description)?.[0] ?? description;
