import path from 'node:path';
import { OperatorError } from '../../errors.js';
import { readSchema } from '../../records/configuration.js';
import type { Model, Schema } from '../../records/model/schema.js';
import { workingFolder } from '../../settings/folders.js';
import { readPostgresUrl } from '../../settings/postgres-url.js';
import { findConfigurationPath, readReferences } from '../../settings/sources.js';
import { describeClientEntry, SERVER_NAME } from '../client-entry.js';
import { commandName } from '../command-name.js';
import { writePulledSchema } from '../db/pull.js';
import { describeUnkept } from '../unkept-variables.js';
import { readIfAny } from '../whole-file.js';
import { checkConfiguration } from './check.js';
import { agree, canAsk, choose } from '../choose.js';
import { decideFields } from './decide-fields.js';
import { findModels, isMarked } from './find-models.js';
import { findSchema, type FoundSchema } from './find-schema.js';
import { exposeModel, type ModelEntry } from './model-entry.js';
import {
  readDatabaseName,
  readSchemaReference,
  UNWRITTEN,
  writeConfiguration,
} from './configuration-file.js';
import { print } from '../print.js';
import { update } from './update.js';

export interface InitOptions {
  schema?: string;
  expose?: string;
  all?: boolean;
  update?: boolean;
  yes?: boolean;
}

/**
 * Makes steward.config.json for the project in the working folder: finds its schema, or pulls one, lets a person choose
 * what a model may see, checks it against the database and prints the client's entry.
 * @throws OperatorError; no configuration has been written then
 */
export async function init(options: InitOptions): Promise<void> {
  const folder = workingFolder();
  const file = findConfigurationPath(folder);
  if (options.update) return update(file, options);
  const before = readIfAny(file);
  if (before !== undefined) await assertMayReplace(file, options);
  const { location, urlVariable } = findSchema(folder, options.schema) ?? (await pull(folder, options));
  print(`Schema: ${path.relative(folder, location)}`);
  const schema = readSchema(location);
  if (schema.models.length === 0)
    throw new OperatorError(
      'There is no model in it, so there is nothing to serve. Name the schema, or the folder of its files, with --schema.',
    );
  const exposed = await chooseModels(schema, options);
  const decisions = await decideFields(exposed, options);
  const models = Object.fromEntries(
    schema.models.map((model): [string, ModelEntry] => [
      model.name,
      exposed.includes(model)
        ? exposeModel(model, decisions.get(model.name) ?? new Map())
        : { expose: false },
    ]),
  );
  const configuration = {
    ...readSchemaReference(path.dirname(file)),
    databases: {
      [readDatabaseName(folder)]: {
        schema: path.relative(path.dirname(file), location),
        url: `env:${urlVariable}`,
        models,
      },
    },
  };
  writeConfiguration(file, configuration, before);
  print(`Wrote ${file}: ${exposed.length} of ${schema.models.length} models are exposed.\n`);
  await checkConfiguration(file);
  print(`\n${describeClientEntry(file)}`);
  const unkept = describeUnkept(file);
  if (unkept !== undefined) print(`\n${unkept}`);
  if (process.exitCode !== 1) await offerSetup(file, options);
}

/** Adds it to the clients on this machine, if a person wants that. */
async function offerSetup(file: string, { yes }: InitOptions): Promise<void> {
  const { hasClients, setup } = await import('../setup/index.js');
  if (yes || !canAsk() || !hasClients()) return;
  if (!(await agree('Add it to the clients on this machine?', 'No client was changed.'))) return;
  await setup([], { name: SERVER_NAME }, file);
}

async function assertMayReplace(file: string, { yes }: InitOptions): Promise<void> {
  if (yes) return;
  const command = commandName(workingFolder());
  const hint = `To see what changed in the schema since: ${command} init --update. To start again: --yes.`;
  if (!canAsk()) throw new OperatorError(`${file} is there already. ${hint}`);
  if (!(await agree(`${file} is there already. Write a new one in its place?`, UNWRITTEN)))
    throw new OperatorError(`Nothing was written. ${hint}`);
}

/** A project without a Prisma schema gets one of its database. */
async function pull(folder: string, options: InitOptions): Promise<FoundSchema> {
  const urlVariable = 'DATABASE_URL';
  const url = readReferences(folder)[urlVariable];
  if (url === undefined)
    throw new OperatorError(
      'There is no Prisma schema here. Name it with --schema, or set DATABASE_URL, in the environment or in .env, to make one of a database.',
    );
  const location = path.join(folder, 'prisma', 'schema.prisma');
  if (!canAsk() && options.expose === undefined && !options.all)
    throw new OperatorError('Say what a language model may read of the database: --expose A,B or --all.');
  const read = readPostgresUrl(url);
  if ('problem' in read)
    throw new OperatorError(
      `There is no Prisma schema here, and none can be made of DATABASE_URL, since it ${read.problem}. Steward serves PostgreSQL.`,
    );
  print('There is no Prisma schema here; one is made of the database that DATABASE_URL names.');
  await writePulledSchema(read.url, location);
  return { location, urlVariable };
}

async function chooseModels({ models }: Schema, { expose, all }: InitOptions): Promise<Model[]> {
  if (all) return [...models];
  if (expose !== undefined) return findModels(new Map(models.map((model) => [model.name, model])), expose);
  const marked = models.filter(isMarked);
  if (canAsk()) {
    const choices = models.map((model) => ({
      name: model.name,
      hint: `${model.fields.length} fields`,
      chosen: isMarked(model),
    }));
    const chosen = await choose(
      'Which models may a language model read? (space selects)',
      choices,
      UNWRITTEN,
    );
    if (chosen.length === 0) throw new OperatorError(`No model was chosen. ${UNWRITTEN}`);
    return models.filter(({ name }) => chosen.includes(name));
  }
  if (marked.length > 0) return marked;
  throw new OperatorError(
    `Say what a language model may read: --expose A,B or --all. There are ${models.map(({ name }) => name).join(', ')}.`,
  );
}
