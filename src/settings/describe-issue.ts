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
      if (issue.origin === 'string' || issue.origin === 'array') return 'must not be empty';
      return ownWords(issue) ?? `must be at least ${issue.minimum}`;
    case 'too_big':
      return (
        ownWords(issue) ??
        `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`
      );
    case 'invalid_key':
      return `must have ${issue.issues[0]?.message ?? 'another name'}`;
    case 'invalid_union':
      return ownWords(issue) ?? 'has a value of a kind that it does not take';
    case 'invalid_format':
      return /^(must|is|a )/.test(issue.message) ? issue.message : 'is not written as it has to be';
    default:
      return issue.message;
  }
}

/** The message that the schema brings; undefined for that of its library. */
function ownWords({ message }: z.core.$ZodIssue): string | undefined {
  return /^(Too (big|small)|Invalid)/.test(message) ? undefined : message;
}
