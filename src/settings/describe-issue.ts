import type { z } from 'zod';

const TYPES: Record<string, string> = {
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
  record: 'a JSON object',
};

/** What is wrong with a value, as the end of a sentence that begins with its name; never the value. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? `a ${issue.expected}`}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'unrecognized_keys':
      return `must not hold ${issue.keys.map((key) => JSON.stringify(key.slice(0, 50))).join(', ')}`;
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be at least ${issue.minimum}`
        : 'must not be empty';
    case 'invalid_key':
      return `must have ${issue.issues[0]?.message ?? 'another name'}`;
    case 'invalid_union':
      return issue.message === 'Invalid input'
        ? 'has a value of a kind that it does not take'
        : issue.message;
    case 'invalid_format':
      return /^(must|is|a )/.test(issue.message) ? issue.message : 'is not written as it has to be';
    default:
      return issue.message;
  }
}
