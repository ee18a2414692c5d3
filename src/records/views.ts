import type { Exposure } from './view/exposure.js';
import { makeView, type View } from './view/view.js';

const MOST_VIEWS = 200;

/** A database's schema as each caller sees it. It can be planned with, and not read. */
export class Views {
  readonly #views = new Map<string, View>();

  constructor(
    readonly name: string,
    private readonly exposure: Exposure,
    /** The zone of days and hours where a question names none. */
    readonly zone: string,
  ) {}

  /** All scopes that open something here. */
  get scopes(): string[] {
    return [...new Set([...this.exposure.models.values()].map(({ scope }) => scope))];
  }

  /** What a caller with these scopes may see. */
  viewFor(scopes: ReadonlySet<string>): View {
    const key = JSON.stringify(this.scopes.filter((scope) => scopes.has(scope)).toSorted());
    const known = this.#views.get(key);
    if (known) return known;
    const view = makeView(this.exposure, scopes);
    if (this.#views.size < MOST_VIEWS) this.#views.set(key, view);
    return view;
  }
}
