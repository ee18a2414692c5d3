import { StewardError } from '../../errors.js';
import { Seal } from '../seal.js';

/**
 * Packs where a page ended into an opaque token, and reads it again. `scope` is what the pages are pages of (the
 * criteria, the user): a token that was not made for it is refused.
 */
export class Cursors {
  readonly #seal: Seal;

  /** @param keys as Seal has them */
  constructor(keys: readonly Buffer[]) {
    this.#seal = new Seal(keys);
  }

  /** @param position anything that JSON can hold */
  encode(position: unknown, scope: unknown): string {
    return this.#seal.seal(position, scope);
  }

  /** @throws StewardError VALIDATION when the token was not made for this scope with one of the keys */
  decode(token: string, scope: unknown): unknown {
    const position = this.#seal.open(token, scope);
    if (position !== undefined) return position;
    throw new StewardError(
      'VALIDATION',
      'cursor: was not given out for this question, or was altered. Pass next_cursor unchanged and keep the other arguments as they were, or leave cursor out to start again.',
    );
  }
}
