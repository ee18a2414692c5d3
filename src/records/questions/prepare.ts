import { suggest } from '../../capability/nearest.js';
import { assertStorable } from '../../capability/parse-input.js';
import { OperatorError, StewardError } from '../../errors.js';
import { refuse } from '../argument.js';
import { mapLiterals, type Literal } from '../filter/syntax.js';
import { parseArguments, type Parsed } from '../parse-arguments.js';
import type { Records } from '../records.js';
import type { ViewColumn } from '../view/view.js';
import type { Views } from '../views.js';
import { ANSWERING, type Asked } from './kinds.js';
import { parameterInput, toLiteral, toSample, type Parameter } from './parameters.js';
import { KINDS, type Kind, type QuestionSection } from './section.js';
import { withoutToolNames } from './tool-names.js';

/** A question of the configuration, found right. */
export interface SavedQuestion {
  name: string;
  title: string;
  description: string;
  kind: Kind;
  asked: Asked;
  parameters: readonly Parameter[];
  /** All that its models need. */
  scopes: readonly string[];
  /** The label of its model. */
  model: string;
}

/**
 * Parses a question and plans it once. No database is needed.
 * @param origin of the question, for messages: the configuration file
 * @throws OperatorError for each mistake, with the place
 */
export function prepareQuestion(
  name: string,
  section: QuestionSection,
  records: Records<Views>,
  origin: string,
): SavedQuestion {
  const kind = KINDS.find((one) => section[one] !== undefined) as Kind;
  const place = `${origin}: questions.${name}`;
  within(`${place}: `, () => assertStorable(section));
  const asked = within(`${place}.${kind}.`, () => parseArguments(section[kind] ?? {}) as Asked);
  const parameters = new Map(Object.entries(section.parameters));
  const clash = ANSWERING[kind].ownArguments.find((one) => parameters.has(one));
  if (clash !== undefined)
    throw new OperatorError(
      `${place}.parameters.${clash}: Every ${kind === 'find' ? 'list' : 'aggregate'} takes ${clash} already. Give the parameter another name.`,
    );
  const compared = new Map<string, ViewColumn[]>();
  const samples = within(`${place}.${kind}.`, () =>
    fillIn(asked, (parameter, literal, argument) => {
      const declared = parameters.get(parameter);
      if (!declared)
        refuse(
          `There is no parameter '${parameter}'; a text that begins with a colon needs quotes.${suggest(parameter, parameters.keys())}`,
          literal,
          argument,
        );
      const columns = compared.get(parameter) ?? [];
      compared.set(parameter, columns);
      return toSample({ ...declared, name: parameter }, (column) => columns.push(column));
    }),
  );
  const unused = [...parameters.keys()].find((parameter) => !compared.has(parameter));
  if (unused !== undefined)
    throw new OperatorError(
      `${place}.parameters.${unused}: It is used nowhere. Write :${unused} for a value in filter, having or key.`,
    );
  const { plan } = ANSWERING[kind];
  const all = records.scopes;
  const { named } = within(`${place}.`, () => plan(records, samples, new Set(all)), kind);
  return {
    name,
    title: section.title ?? toTitle(name),
    description: section.description,
    kind,
    asked,
    model: named.label,
    // Without a scope that it needs, one of its models cannot be seen.
    scopes: all.filter((scope) =>
      isRefused(() => plan(records, samples, new Set(all.filter((other) => other !== scope)))),
    ),
    parameters: [...parameters].map(([parameter, declared]) =>
      within(`${place}.parameters.`, () =>
        checkDefault({ ...declared, name: parameter, values: namesOf(compared.get(parameter) ?? []) }),
      ),
    ),
  };
}

/**
 * Replaces each value that is written as `:name`.
 * @param literalFor the value of that name
 */
export function fillIn<Arguments extends Parsed>(
  asked: Arguments,
  literalFor: (name: string, literal: Literal, argument: string) => Literal,
): Arguments {
  const fill = (argument: string) => (literal: Literal) =>
    !literal.quoted && literal.text.startsWith(':')
      ? literalFor(literal.text.slice(1), literal, argument)
      : literal;
  return {
    ...asked,
    filter: asked.filter && mapLiterals(asked.filter, fill('filter')),
    having: asked.having && mapLiterals(asked.having, fill('having')),
    key: asked.key.map((part) => ({ ...part, literal: fill('key')(part.literal) })),
  };
}

/** Says where a mistake is that is one of a caller elsewhere. @param kind where no parameter is wrong */
function within<Result>(place: string, work: () => Result, kind?: Kind): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    const at = kind === undefined || error.message.startsWith('parameters.') ? '' : `${kind}.`;
    throw new OperatorError(`${place}${at}${withoutToolNames(error.message)}`);
  }
}

function isRefused(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

/** @throws StewardError VALIDATION for a default that is no value of the type */
function checkDefault(parameter: Parameter): Parameter {
  const { name, default: value } = parameter;
  if (value === undefined) return parameter;
  const parsed = parameterInput(parameter).safeParse(value);
  if (!parsed.success) refuse(`Its default is no ${parameter.type}.`, { at: undefined }, name);
  toLiteral(parameter, value);
  return parameter;
}

/** The values of the enum that all these columns have. */
function namesOf(columns: readonly ViewColumn[]): string[] | undefined {
  const [first] = columns;
  return first?.values && columns.every(({ values }) => values === first.values)
    ? first.values.values.map(({ name }) => name)
    : undefined;
}

function toTitle(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('_', ' ')}`;
}
