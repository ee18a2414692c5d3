import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** The specification's own JSON Schemas, by revision. Up to 2025-06-18 they are of draft 7. */
const AJV = {
  '2025-03-26': Ajv,
  '2025-06-18': Ajv,
  '2025-11-25': Ajv2020,
  '2026-07-28': Ajv2020,
};
export type Revision = keyof typeof AJV;

const compiled = new Map<Revision, Ajv>();

/** Holds a value to a definition of a revision's schema, such as ListToolsResult. */
export function expectValid(revision: Revision, definition: string, value: unknown): void {
  const validate = validatorOf(revision, definition);
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
}

function validatorOf(revision: Revision, definition: string): ValidateFunction {
  const file = new URL(`../protocol/schema/${revision}.json`, import.meta.url);
  let ajv = compiled.get(revision);
  if (!ajv) {
    ajv = new AJV[revision]({ strict: false, allErrors: true });
    formats.default(ajv);
    ajv.addSchema(JSON.parse(readFileSync(file, 'utf8')), revision);
    compiled.set(revision, ajv);
  }
  const place = AJV[revision] === Ajv ? 'definitions' : '$defs';
  const validate = ajv.getSchema(`${revision}#/${place}/${definition}`);
  if (!validate) throw new Error(`${revision} has no ${definition}.`);
  return validate;
}
