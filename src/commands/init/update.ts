import path from 'node:path';
import { OperatorError } from '../../errors.js';
import { readSchema } from '../../records/configuration.js';
import type { Model } from '../../records/model/schema.js';
import { listConcerns } from '../../records/view/propose.js';
import { readConfigurationContent } from '../../settings/sources.js';
import { CONFIGURATION } from '../configuration.js';
import { checkConfiguration } from './check.js';
import { agree, canAsk, choose } from './choose.js';
import { writeConfiguration } from './configuration-file.js';
import { decideFields } from './decide-fields.js';
import { findModels, isMarked } from './find-models.js';
import type { InitOptions } from './index.js';
import { exposeModel, listFields, type ModelEntry } from './model-entry.js';

interface Section {
  schema: string;
  models: Record<string, ModelEntry>;
}

/** What a schema has that a configuration does not know, and the other way round. */
interface Difference {
  added: Model[];
  /** Exposed models whose fields changed, with those that came. */
  changed: { model: Model; fields: string[] }[];
  lines: string[];
}

/**
 * Prints what changed in the schemas of a configuration since somebody decided, and writes the decisions that follow: a
 * new model is not exposed unless it is chosen, and what is gone is taken out.
 * @throws OperatorError; the file is unchanged then
 */
export async function update(file: string, options: InitOptions): Promise<void> {
  const content = readConfigurationContent(file);
  const parsed = CONFIGURATION.shape.databases.safeParse(content['databases']);
  if (!parsed.success) throw new OperatorError(`${file} cannot be used. What is wrong: steward doctor`);
  // As it was written, without defaults.
  const databases = (content['databases'] ?? {}) as Record<string, Section>;
  const compared = Object.entries(databases).map(([name, section]) => {
    const { models } = readSchema(path.resolve(path.dirname(file), section.schema));
    return { name, section, models, difference: compare(models, section.models ?? {}) };
  });
  const lines = compared.flatMap(({ difference }) => difference.lines);
  if (lines.length === 0) return print('Nothing changed in the schema since the last decision.');
  lines.forEach(print);
  const chosen =
    options.expose === undefined
      ? undefined
      : findModels(
          compared.flatMap(({ models }) => models),
          options.expose,
        ).map(({ name }) => name);
  const decides = options.yes || options.all || options.expose !== undefined;
  if (!decides && !canAsk()) return print('Nothing was written. To write these decisions: --yes.');
  const updated: [string, Section][] = [];
  for (const { name, section, models, difference } of compared)
    updated.push([
      name,
      { ...section, models: await decideModels(models, section, difference, chosen, options) },
    ]);
  if (!decides && !(await agree(`Write this to ${file}?`))) throw new OperatorError('Nothing was written.');
  writeConfiguration(file, { ...content, databases: Object.fromEntries(updated) });
  print(`Wrote ${file}.\n`);
  await checkConfiguration(file);
}

function compare(models: readonly Model[], entries: Record<string, ModelEntry>): Difference {
  const added = models.filter(({ name }) => !Object.hasOwn(entries, name));
  const lines = added.map(({ name }) => `+ ${name}: a new model`);
  const gone = Object.keys(entries).filter((name) => !models.some((model) => model.name === name));
  lines.push(...gone.map((name) => `- ${name}: the model is gone`));
  const changed: Difference['changed'] = [];
  for (const model of models) {
    const entry = Object.hasOwn(entries, model.name) ? entries[model.name] : undefined;
    if (!entry?.expose) continue;
    const [before, now] = [entry.reviewed?.split(' '), listFields(model)];
    const fields = now.filter((field) => !before?.includes(field));
    const lost = [...(before ?? []), ...Object.keys(entry.fields ?? {})].filter(
      (name) => !now.includes(name),
    );
    if (before && fields.length + lost.length === 0) continue;
    changed.push({ model, fields });
    const concerns = new Map(listConcerns(model).map(({ field, reason }) => [field, reason]));
    const described = fields.map((field) =>
      concerns.has(field) ? `${field} (better hidden: ${concerns.get(field)})` : field,
    );
    if (!before) lines.push(`  ${model.name}: nobody has noted its fields yet`);
    else lines.push(...described.map((field) => `+ ${model.name}.${field}`));
    lines.push(...new Set(lost.map((field) => `- ${model.name}.${field}`)));
  }
  return { added, changed, lines };
}

async function decideModels(
  models: readonly Model[],
  section: Section,
  { added, changed }: Difference,
  named: readonly string[] | undefined,
  options: InitOptions,
): Promise<Record<string, ModelEntry>> {
  const chosen = await chooseAdded(added, named, options);
  const exposed = added.filter(({ name }) => chosen.includes(name));
  const touched = [...exposed, ...changed.map(({ model }) => model)];
  const decisions = await decideFields(
    touched,
    options,
    (model, field) =>
      section.models?.[model]?.fields?.[field] === undefined &&
      (exposed.some(({ name }) => name === model) ||
        changed.some((one) => one.model.name === model && one.fields.includes(field))),
  );
  return Object.fromEntries(
    models.map((model): [string, ModelEntry] => {
      const before = section.models?.[model.name];
      const fields = decisions.get(model.name) ?? new Map();
      return [
        model.name,
        touched.includes(model) ? exposeModel(model, fields, before) : (before ?? { expose: false }),
      ];
    }),
  );
}

async function chooseAdded(
  added: readonly Model[],
  chosen: readonly string[] | undefined,
  { all, yes }: InitOptions,
): Promise<readonly string[]> {
  const names = added.map(({ name }) => name);
  // What the schema exposes stays so.
  const marked = added.filter(isMarked).map(({ name }) => name);
  if (all) return names;
  if (chosen) return [...chosen, ...marked];
  if (yes || names.length === 0) return marked;
  return choose(
    'Which of the new models may a language model read?',
    names.map((name) => ({ name, chosen: marked.includes(name) })),
  );
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
