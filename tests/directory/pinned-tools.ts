const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const ADDS = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false };
const OVERWRITES = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false };

const READ = 'directory:read';
const WRITE = 'directory:write';
const AUDIT = 'audit:read';

interface PinnedTool {
  name: string;
  effect: typeof READS;
  scope: string;
  /** Its arguments, `?` after those that may be left out. */
  input: string;
  /** The members of its answer. */
  output: string;
  /** The arguments of a good call. In the order of the list, each call can follow the one before. */
  call: Record<string, unknown>;
}

/** All tools, as clients see them. Tests of the catalogue, of scopes, of READ_ONLY and of database rights follow from this list. */
export const TOOLS: PinnedTool[] = [
  {
    name: 'list_recent_users',
    effect: READS,
    scope: READ,
    input: 'limit?',
    output: 'notice users',
    call: { limit: 3 },
  },
  {
    name: 'find_users',
    effect: READS,
    scope: READ,
    input: 'department? role? active? search? limit? page? cursor?',
    output: 'notice total total_is_exact page page_size pages next_cursor users',
    call: { department: 'Engineering', role: 'Developer', active: true, search: 'example', limit: 5 },
  },
  {
    name: 'get_user',
    effect: READS,
    scope: READ,
    input: 'id? username? email? search?',
    output: 'notice user',
    call: { id: 1 },
  },
  {
    name: 'get_user_history',
    effect: READS,
    scope: AUDIT,
    input: 'user_id limit? cursor?',
    output: 'notice next_cursor changes',
    call: { user_id: 1 },
  },
  {
    name: 'list_departments',
    effect: READS,
    scope: READ,
    input: '',
    output: 'notice total departments',
    call: {},
  },
  {
    name: 'create_user',
    effect: ADDS,
    scope: WRITE,
    input: 'username email department? role?',
    output: 'notice user',
    call: { username: 'new_colleague', email: 'new@example.com', department: 'Sales', role: 'Lawyer' },
  },
  {
    name: 'transfer_user',
    effect: OVERWRITES,
    scope: WRITE,
    input: 'user_id new_department',
    output: 'notice changed change user?',
    call: { user_id: 1, new_department: 'Finance' },
  },
  {
    name: 'set_user_active',
    effect: OVERWRITES,
    scope: WRITE,
    input: 'user_id active',
    output: 'notice changed change user?',
    call: { user_id: 1, active: false },
  },
  {
    name: 'set_user_role',
    effect: OVERWRITES,
    scope: WRITE,
    input: 'user_id role',
    output: 'notice changed change user?',
    call: { user_id: 1, role: 'Paralegal' },
  },
  {
    name: 'get_user_preferences',
    effect: READS,
    scope: READ,
    input: 'user_id',
    output: 'notice user_id preferences',
    call: { user_id: 1 },
  },
  {
    name: 'update_user_preferences',
    effect: OVERWRITES,
    scope: WRITE,
    input: 'user_id preferences',
    output: 'notice changed user_id preferences?',
    call: { user_id: 1, preferences: { theme: 'dark', shown: ['mail'] } },
  },
  {
    name: 'create_department',
    effect: ADDS,
    scope: WRITE,
    input: 'name',
    output: 'notice department',
    call: { name: 'Legal' },
  },
];
