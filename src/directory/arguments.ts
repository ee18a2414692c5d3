import { z } from 'zod';
import { DEEPEST_PREFERENCES, LARGEST_PREFERENCES_BYTES } from './preferences.js';
import { nesting, type Json } from './merge-patch.js';

/** The arguments that several capabilities share, so that each is described and bounded in one place. */

/** Letters of any script, digits and the punctuation that names have; no control characters, no markup. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .,&'()/+_-]*$/u;
const NAME_RULE =
  "must start with a letter or digit and hold only letters, digits, spaces and . , & ' ( ) / + _ -";

const name = (most: number) => z.string().trim().normalize().min(1).max(most).regex(NAME, NAME_RULE);

const LARGEST_ID = 2 ** 31 - 1;

export const userId = z
  .int()
  .min(1)
  .max(LARGEST_ID)
  .describe('Id of the user, as list_recent_users and find_users show it');

export const newUsername = z
  .string()
  .min(3)
  .max(50)
  .regex(/^[A-Za-z0-9_]+$/, 'must hold only letters A-Z, digits and underscores')
  .describe('3 to 50 letters A-Z, digits and underscores; unique regardless of case');

export const newEmail = z
  .email('must be a plain address such as ann@example.com')
  .max(254)
  .describe('Email address; unique regardless of case');

export const departmentName = name(60).describe(
  'Name of a department, in any case; list_departments shows all',
);

export const newDepartmentName = name(60).describe(
  'Name of the new department, up to 60 characters; unique regardless of case',
);

export const roleName = name(50).describe('Role, such as "Developer" or "Manager", in any case');

export const newRoleName = name(50).describe(
  'Role, such as "Developer" or "Manager", kept as it is written; find_users shows those in use',
);

export const pageSize = z.int().min(1).max(100).default(20).describe('How many at most, 1 to 100');

export const pageCursor = z
  .string()
  .min(1)
  .max(200)
  .describe('next_cursor of the page before, unchanged, with the other arguments as they were');

/** Free text, because names in the database need not follow the rules for new ones. */
export const searchText = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .describe(
    'Words that all occur in the username or email, in any case; one of them with 3 letters or digits in a row',
  );

export const preferencesPatch = z
  .record(z.string(), z.unknown())
  .refine((patch) => Buffer.byteLength(JSON.stringify(patch)) <= LARGEST_PREFERENCES_BYTES, {
    message: 'must be at most 16 KiB of JSON',
    abort: true,
  })
  .refine((patch) => nesting(patch as Json) <= DEEPEST_PREFERENCES, 'must be nested at most 5 levels deep')
  .describe('Members to set; null removes one. At most 16 KiB, nested at most 5 levels deep');
