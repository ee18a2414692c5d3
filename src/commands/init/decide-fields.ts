import type { Model } from '../../records/model/schema.js';
import { readFieldMarks, type FieldMark } from '../../records/view/marks.js';
import { listConcerns, type Concern } from '../../records/view/propose.js';
import { canAsk, choose } from '../choose.js';
import { UNWRITTEN } from './configuration-file.js';

/**
 * Proposes which fields to hide, and lets a person decide.
 * @param isOpen whether a field is still to be decided
 * @returns by model, what to say of each field that gives concern and has no mark of its own
 */
export async function decideFields(
  models: readonly Model[],
  { yes }: { yes?: boolean },
  isOpen: (model: string, field: string) => boolean = () => true,
): Promise<Map<string, Map<string, FieldMark>>> {
  const concerns = models.flatMap((model) =>
    listConcerns(model)
      .filter(({ field }) => isOpen(model.name, field) && !isMarked(model, field))
      .map((concern) => ({ ...concern, name: `${model.name}.${concern.field}` })),
  );
  if (concerns.length === 0) return new Map();
  const hidden = new Set(await decide(concerns, yes ?? false));
  return new Map(
    models.map(({ name: model }) => [
      model,
      new Map(
        concerns
          .filter(({ name, field }) => name === `${model}.${field}`)
          .map(({ name, field }): [string, FieldMark] => [field, hidden.has(name) ? 'hide' : 'show']),
      ),
    ]),
  );
}

function isMarked(model: Model, name: string): boolean {
  const field = model.fields.find((one) => one.name === name);
  if (!field) return false;
  return readFieldMarks(field.documentation, field.source).some((mark) => mark !== 'untrusted');
}

async function decide(concerns: readonly (Concern & { name: string })[], yes: boolean): Promise<string[]> {
  if (canAsk() && !yes) {
    const choices = concerns.map(({ name, reason }) => ({ name, hint: reason, chosen: true }));
    return choose('Which of these stay hidden? (space changes one)', choices, UNWRITTEN);
  }
  for (const { name, reason } of concerns) process.stdout.write(`Hidden: ${name}, since ${reason}\n`);
  return concerns.map(({ name }) => name);
}
