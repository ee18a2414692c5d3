import { stat } from 'node:fs/promises';
import type { Log } from '../../observability/log.js';
import { readTokens, type StoredToken } from './token-file.js';
import { OperatorError } from '../../errors.js';

/** A revoked token may be accepted for this many milliseconds. */
const LOOK_EVERY_MS = 1000;

/** The tokens of a file, as it is now. While it cannot be read there are none, not those it had. */
export class CurrentTokens {
  #tokens: StoredToken[] | OperatorError;
  #version: string | undefined;
  #lookedAt = performance.now();
  #looking: Promise<void> | undefined;

  private constructor(
    private readonly file: string,
    private readonly log: Log,
    tokens: StoredToken[],
  ) {
    this.#tokens = tokens;
  }

  /** @throws OperatorError */
  static async open(file: string, log: Log): Promise<CurrentTokens> {
    return new CurrentTokens(file, log, await readTokens(file));
  }

  /** @throws OperatorError */
  async get(): Promise<StoredToken[]> {
    if (performance.now() - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
      await this.#looking;
    }
    if (this.#tokens instanceof OperatorError) throw this.#tokens;
    return this.#tokens;
  }

  /** The version is taken before the content: what is written in between is seen at the next look. */
  async #look(): Promise<void> {
    const version = await this.#currentVersion();
    if (version === undefined || version !== this.#version) await this.#read();
    this.#version = this.#tokens instanceof OperatorError ? undefined : version;
    this.#lookedAt = performance.now();
  }

  async #read(): Promise<void> {
    try {
      this.#tokens = await readTokens(this.file);
      this.log.info('tokens read', { tokens: this.#tokens.length });
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      if (!(this.#tokens instanceof OperatorError))
        this.log.error('tokens cannot be read', { cause: error.message });
      this.#tokens = error;
    }
  }

  /** Undefined where there is no file, which reading it will explain. */
  async #currentVersion(): Promise<string | undefined> {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(this.file, { bigint: true });
      return [ino, size, mtimeNs, ctimeNs].join(' ');
    } catch {
      return undefined;
    }
  }
}
