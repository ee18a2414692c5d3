/** Raised with every problem of the settings at once; the message is made for the person who has to fix it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
