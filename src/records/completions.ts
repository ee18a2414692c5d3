import type { Completion, Scope } from '../capability/define.js';
import type { Services } from './services.js';
import type { ViewColumn, ViewModel } from './view/view.js';

/** Names of models; of the fields of the model that was chosen; and the values of the chosen field, if it is an enum. */
export function createCompletions(
  { records }: Services,
  scope: readonly Scope[],
): Record<string, Completion> {
  const chosenModel = (scopes: ReadonlySet<Scope>, name = ''): ViewModel | undefined =>
    records.find(name, scopes)?.model;
  return {
    model: {
      scope,
      values: ({ scopes }) => Promise.resolve(records.models(scopes).map(({ label }) => label)),
    },
    field: {
      scope,
      values: ({ scopes }, _services, chosen) =>
        Promise.resolve([...(chosenModel(scopes, chosen['model'])?.fields.keys() ?? [])]),
    },
    value: {
      scope,
      values: ({ scopes }, _services, chosen) => {
        const field = chosenModel(scopes, chosen['model'])?.fields.get(chosen['field'] ?? '');
        return Promise.resolve(field?.kind === 'column' ? knownValues(field) : []);
      },
    },
  };
}

function knownValues({ type, values, masked }: ViewColumn): string[] {
  if (masked) return [];
  return type === 'Boolean' ? ['true', 'false'] : (values?.values.map(({ name }) => name) ?? []);
}
