import path from 'node:path';
import { OperatorError } from '../../errors.js';
import { readSchema } from '../../records/configuration.js';
import type { Model } from '../../records/model/schema.js';
import { listConcerns } from '../../records/view/propose.js';
import { workingFolder } from '../../settings/folders.js';
import { readConfigurationContent } from '../../settings/sources.js';
import { commandName } from '../command-name.js';
import { CONFIGURATION } from '../parse-configuration.js';
import { print } from '../print.js';
import { readIfAny } from '../whole-file.js';
import { checkConfiguration } from './check.js';
import { agree, canAsk, choose } from '../choose.js';
import { UNWRITTEN, writeConfiguration } from './configuration-file.js';
import { decideFields } from './decide-fields.js';
import { findModels, isMarked } from './find-models.js';
import type { InitOptions } from './index.js';
import { exposeModel, listFields, type ModelEntry } from './model-entry.js';

/** A database of a configuration, with its schema. */
interface Known {
  section: Section;
  models: readonly Model[];
  /** How a model is called here: with its database, where there are several. */
  nameOf(model: string): string;
}

interface Section {
  schema: string;
  models?: Record<string, ModelEntry>;
}

/** What a schema has that a configuration does not know, and the other way round. */
interface Difference {
  /** Models without an entry, and those that are to be exposed now. */
  added: Model[];
  /** Exposed models whose fields changed, with those that came. */
  changed: { model: Model; fields: string[] }[];
  lines: string[];
}

/**
 * Prints what changed in the schemas of a configuration since the last review, and writes the decisions that follow: a
 * new model is not exposed unless it is chosen, and what is gone is taken out.
 * @throws OperatorError; the file is unchanged then
 */
export async function update(file: string, options: InitOptions): Promise<void> {
  const before = readIfAny(file);
  const content = readConfigurationContent(file);
  const databases = readSections(file, content);
  const isAlone = databases.length === 1;
  const read = databases.map(([name, section]) => {
    const { models } = readSchema(path.resolve(path.dirname(file), section.schema));
    return { name, section, models, nameOf: (model: string) => (isAlone ? model : `${name}.${model}`) };
  });
  const all = new Map(
    read.flatMap(({ models, nameOf }) => models.map((model) => [nameOf(model.name), model])),
  );
  const chosen = options.expose === undefined ? undefined : findModels(all, options.expose);
  const compared = read.map((one) => ({ ...one, difference: compare(one, chosen ?? []) }));
  const lines = compared.flatMap(({ difference }) => difference.lines);
  if (lines.length === 0) return print('Nothing changed in the schema since the last decision.');
  lines.forEach(print);
  const decides = options.yes || options.all || chosen !== undefined;
  if (!decides && !canAsk())
    return print(
      'Nothing was written. To write these decisions: --yes, which exposes no new model; --expose A,B or --all does.',
    );
  const updated: [string, Section][] = [];
  for (const { name, ...known } of compared)
    updated.push([
      name,
      { ...known.section, models: await decideModels(known, known.difference, chosen, options) },
    ]);
  if (!decides && !(await agree(`Write this to ${file}?`, UNWRITTEN)))
    throw new OperatorError('Nothing was written.');
  writeConfiguration(file, { ...content, databases: Object.fromEntries(updated) }, before);
  print(`Wrote ${file}.\n`);
  await checkConfiguration(file);
}

/** The databases of a configuration as they were written, without defaults. @throws OperatorError where there are none */
function readSections(file: string, { databases }: Record<string, unknown>): [string, Section][] {
  const command = commandName(workingFolder());
  if (databases !== undefined && !CONFIGURATION.shape.databases.safeParse(databases).success)
    throw new OperatorError(`${file} cannot be used. What is wrong: ${command} doctor`);
  const sections = Object.entries((databases ?? {}) as Record<string, Section>);
  if (sections.length === 0)
    throw new OperatorError(`${file} names no database. To make one that does: ${command} init`);
  return sections;
}

/** A model or a field may be called `constructor`. */
function valueOf<Value>(values: Record<string, Value> | undefined, name: string): Value | undefined {
  return values && Object.hasOwn(values, name) ? values[name] : undefined;
}

function compare({ section, models, nameOf }: Known, chosen: readonly Model[]): Difference {
  const entryOf = ({ name }: Model) => valueOf(section.models, name);
  const isExposed = (model: Model) => entryOf(model)?.expose ?? isMarked(model);
  const added = models.filter((model) => !entryOf(model) || (chosen.includes(model) && !isExposed(model)));
  const lines = added.map(
    (model) => `+ ${nameOf(model.name)}: ${entryOf(model) ? 'to be exposed' : 'a new model'}`,
  );
  for (const [name, entry] of Object.entries(section.models ?? {}))
    if (!models.some((model) => model.name === name))
      lines.push(`- ${nameOf(name)}: the model is gone${describeLost(entry)}`);
  const changed: Difference['changed'] = [];
  for (const model of models) {
    const entry = entryOf(model);
    if (!entry || !isExposed(model)) continue;
    const [before, now] = [entry.reviewed?.split(' '), listFields(model)];
    const fields = now.filter((field) => !before?.includes(field));
    const known = new Set([...(before ?? []), ...Object.keys(entry.fields ?? {})]);
    const lost = [...known].filter((field) => !now.includes(field));
    if (before && fields.length + lost.length === 0) continue;
    changed.push({ model, fields });
    const concerns = new Map(listConcerns(model).map(({ field, reason }) => [field, reason]));
    const described = fields.map((field) =>
      concerns.has(field) ? `${field} (better hidden: ${concerns.get(field)})` : field,
    );
    const name = nameOf(model.name);
    if (!before) lines.push(`  ${name}: its fields were never noted`);
    else lines.push(...described.map((field) => `+ ${name}.${field}`));
    for (const field of lost) {
      const marks = valueOf(entry.fields, field);
      lines.push(`- ${name}.${field}${marks === undefined ? '' : ` (it had ${[marks].flat().join(', ')})`}`);
    }
  }
  return { added, changed, lines };
}

/** What goes with an entry: under another name, a model or field has none of it. */
function describeLost({ fields = {}, ...others }: ModelEntry): string {
  const lost = [
    ...Object.entries(fields).map(([field, marks]) => `${field} ${[marks].flat().join(', ')}`),
    ...Object.entries(others)
      .filter(([key]) => key !== 'expose' && key !== 'reviewed')
      .map(([key, value]) => `${key} ${JSON.stringify(value)}`),
  ];
  return lost.length === 0 ? '' : `, and with it: ${lost.join('; ')}`;
}

async function decideModels(
  { models, section, nameOf }: Known,
  { added, changed }: Difference,
  named: readonly Model[] | undefined,
  options: InitOptions,
): Promise<Record<string, ModelEntry>> {
  const exposed = await chooseAdded(added, named, nameOf, options);
  const touched = [...exposed, ...changed.map(({ model }) => model)];
  const decisions = await decideFields(
    touched,
    options,
    (model, field) =>
      valueOf(valueOf(section.models, model)?.fields, field) === undefined &&
      (exposed.some(({ name }) => name === model) ||
        changed.some((one) => one.model.name === model && one.fields.includes(field))),
  );
  return Object.fromEntries(
    models.map((model): [string, ModelEntry] => {
      const before = valueOf(section.models, model.name);
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
  named: readonly Model[] | undefined,
  nameOf: (model: string) => string,
  { all, yes }: InitOptions,
): Promise<readonly Model[]> {
  // What the schema exposes stays so.
  const marked = added.filter(isMarked);
  if (all) return added;
  if (named) return added.filter((model) => named.includes(model) || marked.includes(model));
  if (yes || added.length === 0) return marked;
  const chosen = await choose(
    'Which of the new models may a language model read?',
    added.map((model) => ({ name: nameOf(model.name), chosen: marked.includes(model) })),
    UNWRITTEN,
  );
  return added.filter(({ name }) => chosen.includes(nameOf(name)));
}
