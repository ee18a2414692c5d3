/** Arguments that may stand in a log as they are, if they are what they should be: an email typed into one of them is not. */
const NAMES = new Set(['username', 'department', 'new_department', 'name', 'role']);
const NUMBERS = new Set(['id', 'user_id', 'active', 'limit', 'page']);
/** Arguments that are named at most. */
const HIDDEN = new Set(['email', 'search', 'preferences', 'cursor']);
const LONGEST_NAME = 60;

/** What of a call's arguments may stand in a log: names of arguments that there are, and the values that are no secret. */
export function redactArguments(args: unknown): Record<string, unknown> {
  const known = Object.entries(Object(args) as object).filter(
    ([name]) => NAMES.has(name) || NUMBERS.has(name) || HIDDEN.has(name),
  );
  return Object.fromEntries(
    known.map(([name, value]) => [name, isClear(name, value) ? value : '[redacted]']),
  );
}

/** Long text is hidden, not cut: the log's mask knows an email, but not the first half of one. */
function isClear(name: string, value: unknown): boolean {
  if (typeof value === 'string') return NAMES.has(name) && value.length <= LONGEST_NAME;
  return NUMBERS.has(name) && (typeof value === 'number' || typeof value === 'boolean');
}
