/** Short text in these arguments is logged in clear. The log's own mask hides an email typed into one of them. */
const NAMES = new Set(['username', 'department', 'new_department', 'name', 'role']);
const NUMBERS = new Set(['id', 'user_id', 'active', 'limit', 'page']);
/** Of the others, only the names are logged. */
const KNOWN = new Set([...NAMES, ...NUMBERS, 'email', 'search', 'preferences', 'cursor']);
const LONGEST_NAME = 60;

/** Keeps the known arguments of a call for the log, and replaces each value that may be secret. */
export function redactArguments(args: unknown): Record<string, unknown> {
  const known = Object.entries(Object(args) as object).filter(([name]) => KNOWN.has(name));
  return Object.fromEntries(
    known.map(([name, value]) => [name, isClear(name, value) ? value : '[redacted]']),
  );
}

/** Long text is hidden, not cut: the log's mask recognises an email, but not the first half of one. */
function isClear(name: string, value: unknown): boolean {
  if (typeof value === 'string') return NAMES.has(name) && value.length <= LONGEST_NAME;
  return NUMBERS.has(name) && (typeof value === 'number' || typeof value === 'boolean');
}
