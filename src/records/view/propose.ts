import type { Model } from '../model/schema.js';
import { looksSecret, splitWords } from './secret-names.js';

/** A field that is better not shown, and why. */
export interface Concern {
  field: string;
  reason: string;
}

/** Numbers that name a person to the state or to a bank. Several words stand together. */
const PERSONAL =
  /(^|_)(ssn|social_security\w*|tax_(id|number)|national_id|passport(_(no|number|id))?|iban|bic|account_number|card_number|date_of_birth|birth_?(date|day)|dob)(_|$)/;

/** Fields of a model that an author may want to hide. Those that look secret, and bytes, are hidden unless shown by name. */
export function listConcerns({ fields }: Model): Concern[] {
  return fields.flatMap((field) => {
    if (field.kind === 'relation') return [];
    const { name, column, type } = field;
    const reason =
      (looksSecret(name) || looksSecret(column) ? 'its name looks secret' : undefined) ??
      (type === 'Bytes' ? 'it holds bytes' : undefined) ??
      (PERSONAL.test(splitWords(name).join('_')) ? 'it tells who a person is' : undefined);
    return reason === undefined ? [] : [{ field: name, reason }];
  });
}
