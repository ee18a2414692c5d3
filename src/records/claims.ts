import type { Claims } from '../capability/define.js';
import { StewardError } from '../errors.js';

/** A setting of the database that a claim of the caller is written to. */
export interface ClaimedSetting {
  /** Of the setting, such as app.tenant. */
  name: string;
  claim: string;
  /** What the fields hold that are compared with it. */
  kinds: ReadonlySet<ClaimKind>;
}

/** Whole numbers by the bytes of their column: others would fail in the policy, or equal no row. */
export type ClaimKind =
  'text' | 'UUID' | 'whole number of 2 bytes' | 'whole number of 4 bytes' | 'whole number of 8 bytes';

const LONGEST_CLAIM = 1000;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const FITS: Record<ClaimKind, (text: string) => boolean> = {
  text: () => true,
  UUID: (text) => UUID.test(text),
  'whole number of 2 bytes': (text) => isWhole(text, 16),
  'whole number of 4 bytes': (text) => isWhole(text, 32),
  'whole number of 8 bytes': (text) => isWhole(text, 64),
};

function isWhole(text: string, bits: number): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const number = BigInt(text);
  return BigInt.asIntN(bits, number) === number;
}

/**
 * The settings of a caller, by name.
 * @throws StewardError FORBIDDEN for a claim that the caller lacks, or of which no setting can be made
 */
export function readCallerSettings(
  claims: Claims,
  wanted: readonly ClaimedSetting[],
): Record<string, string> {
  return Object.fromEntries(
    wanted.map(({ name, claim, kinds }) => {
      const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
      if (value === undefined || value === null || (typeof value === 'string' && value.trim() === ''))
        refuse(`This needs the claim ${claim}, which your credentials do not have.`);
      const text = writeClaim(value);
      if (text === undefined)
        refuse(
          `The claim ${claim} of your credentials cannot be used: it has to be a plain text, an exact number, or true or false.`,
        );
      const other = [...kinds].find((kind) => !FITS[kind](text));
      if (other !== undefined) refuse(`The claim ${claim} of your credentials is no ${other}.`);
      return [name, text];
    }),
  );
}

/**
 * @returns undefined for what is no single value, and for what would reach the database as another value than the issuer
 * wrote: a number that was rounded, or text with characters that PostgreSQL lacks
 */
function writeClaim(value: unknown): string | undefined {
  switch (typeof value) {
    case 'boolean':
      return String(value);
    case 'number':
      return Number.isFinite(value) && !isRounded(value) ? String(value) : undefined;
    case 'string':
      return value.length > LONGEST_CLAIM || /[\p{Cc}\p{Cs}]/u.test(value) ? undefined : value;
    default:
      return undefined;
  }
}

function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

function refuse(reason: string): never {
  throw new StewardError(
    'FORBIDDEN',
    `${reason} Nothing was done. Ask the operator of this server for credentials that have it.`,
  );
}
