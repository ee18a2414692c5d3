import { StewardError } from '../errors.js';
import type { Source } from './source.js';
import { findNearest } from '../capability/nearest.js';
import type { ViewModel } from './view/view.js';
import type { Views } from './views.js';

/** A model as a caller names it. */
export interface NamedModel<From extends Views = Source> {
  /** With its database where there are several: shop.Order. */
  label: string;
  model: ViewModel;
  source: From;
}

/** The models of all databases, as each caller may see them. */
export class Records<From extends Views = Source> {
  /** By each way to name an exposed model. */
  readonly #labels: ReadonlyMap<string, string>;

  constructor(private readonly sources: readonly From[]) {
    this.#labels = new Map(
      this.models(new Set(this.scopes)).flatMap(({ label, model, source }) => [
        [label, label],
        [`${source.name}.${model.name}`, label],
      ]),
    );
  }

  get scopes(): string[] {
    return [...new Set(this.sources.flatMap((source) => source.scopes))];
  }

  /** The label of a call in metrics: the model that it names, if that is exposed. */
  labelsOf(args: unknown): Record<string, string> {
    const { model } = Object(args) as { model?: unknown };
    const label = this.#labels.get(typeof model === 'string' ? model.trim() : '');
    return label === undefined ? {} : { model: label };
  }

  /** All models that a caller with these scopes may see, in the order of the schemas. */
  models(scopes: ReadonlySet<string>): NamedModel<From>[] {
    return this.sources.flatMap((source) =>
      [...source.viewFor(scopes).values()].map((model) => ({
        label: this.sources.length === 1 ? model.name : `${source.name}.${model.name}`,
        model,
        source,
      })),
    );
  }

  /** The model of this name, if the caller may see it. */
  find(name: string, scopes: ReadonlySet<string>): NamedModel<From> | undefined {
    const wanted = name.trim();
    return this.models(scopes).find(
      ({ label, model, source }) => label === wanted || `${source.name}.${model.name}` === wanted,
    );
  }

  /**
   * Looks a model up. With one database its name may stand before the model or not.
   * @throws StewardError VALIDATION in the same words for a model that is unknown, hidden, or of another scope
   */
  model(name: string, scopes: ReadonlySet<string>): NamedModel<From> {
    const found = this.find(name, scopes);
    if (found) return found;
    const wanted = name.trim();
    const models = this.models(scopes);
    const nearest = findNearest(
      wanted,
      models.map(({ label }) => label),
    );
    const inOthers = models.find(({ model }) => model.name === wanted)?.label;
    const suggestion = inOthers ?? nearest;
    throw new StewardError(
      'VALIDATION',
      `model: There is no model '${wanted.slice(0, 60)}'.${suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`} describe_models lists the models.`,
    );
  }
}
