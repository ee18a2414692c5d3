/**
 * @typedef {import('../directory.mjs').Directory} Directory
 * @typedef {import('../../src/directory/users.js').UserCriteria} UserCriteria
 * @typedef {{ label: string, rows: number, run: () => Promise<unknown> }} Read `rows`: how many it may read
 */

const PAGE = 20;
/** A page, and the few that an index which ignores `active` yields beside them. */
const A_PAGE = 500;

/**
 * Every kind of read, for common and rare values, at the top and far down.
 * @param {Directory} directory
 * @param {import('pg').Client} client
 * @param {number} userCount
 * @returns {Promise<Read[]>}
 */
export async function allReads(directory, client, userCount) {
  const { users, departments, auditLog, preferences, changes } = directory;
  const person = await client.query(
    'SELECT id, username, email FROM users WHERE active AND id > $1 LIMIT 1',
    [Math.floor(userCount / 2)],
  );
  const { id, username, email } = person.rows[0];
  const busy = await client.query(
    'SELECT percentile_disc(0.2) WITHIN GROUP (ORDER BY id)::int AS id FROM user_audit_log WHERE user_id = 1',
  );
  const [entry] = await auditLog.ofUser(1, 1);
  if (!entry) throw new Error('user 1 has no history');
  const author = { actor: 'bench', tool: 'explain', requestId: '1' };
  const call = { author, claims: {}, scopes: new Set(), signal: new AbortController().signal };
  const context = { ...call, elicitation: directory.elicitations.of(call, {}) };
  const known = [
    { label: 'recent', run: () => users.recent(100) },
    { label: 'user by id', run: () => users.get({ id }) },
    { label: 'user by username', run: () => users.get({ username: username.toUpperCase() }) },
    { label: 'user by email', run: () => users.get({ email }) },
    { label: 'departments', run: () => departments.list() },
    { label: 'roles', run: () => users.roles() },
    { label: 'history, busy user', run: () => auditLog.ofUser(1, PAGE) },
    {
      label: 'history, deep cursor',
      run: () => auditLog.ofUser(1, PAGE, auditLog.cursorAfter(1, { ...entry, id: busy.rows[0].id })),
    },
    { label: 'history, all long ago', run: () => auditLog.ofUser(51, PAGE) },
    { label: 'history, quiet user', run: () => auditLog.ofUser(id, PAGE) },
    { label: 'preferences', run: () => preferences.get(4) },
    { label: 'transfer', run: () => changes.transfer(id, 'Legal', context) },
    { label: 'set preferences', run: () => preferences.update(8, { theme: 'light' }, context) },
  ].map((read) => ({ ...read, rows: A_PAGE }));

  /** @type {UserCriteria[]} */
  const subsets = [
    {},
    { department: 'Sales' },
    { department: 'General' },
    { department: 'Field Service' },
    { role: 'developer' },
    { role: 'Controller' },
    { department: 'engineering', role: 'user' },
    { department: 'Legal', role: 'Controller' },
  ];
  const found = [];
  for (const criteria of [...subsets, ...subsets.map((subset) => ({ ...subset, active: false }))]) {
    found.push(...(await pagesOf(users, criteria, userCount)));
  }

  /** A word, and how many rows its page may read. @type {[word: string, rows: number][]} */
  const words = [
    [username, A_PAGE],
    ['qqqqq', A_PAGE],
    ['example', A_PAGE],
    ['zhang', userCount],
    ['ana zhang', userCount],
    ['a_b', userCount],
    ['new.example', userCount],
    ['oldcorp', userCount],
    ['legacy', userCount],
    // Each of its trigrams is everywhere, and the word nowhere: the index holds every user, and all are looked at.
    ['.example.example', userCount * 2.2],
  ];
  for (const [search, most] of words) {
    for (const criteria of [
      {},
      { department: 'Engineering' },
      { role: 'Manager' },
      { department: 'Sales', role: 'User' },
    ]) {
      const label = describe({ ...criteria, search });
      // With criteria, the index entries of a small role or department may be read beside those of the word.
      const rows = Object.keys(criteria).length === 0 ? most : Math.max(most, userCount * 0.02);
      found.push({ label, rows, run: () => users.find({ ...criteria, search }, PAGE, {}) });
    }
  }
  found.push(...(await pagesOf(users, { search: 'example' }, userCount)));
  return [...known, ...found];
}

/**
 * The first page, one far down by its number, and the next one by cursor.
 * @param {Directory['users']} users
 * @param {UserCriteria} criteria
 * @param {number} userCount
 * @returns {Promise<Read[]>}
 */
async function pagesOf(users, criteria, userCount) {
  const { pages, totalIsExact } = await users.find(criteria, PAGE, {});
  const page = Math.max(1, Math.floor((totalIsExact ? pages : userCount / PAGE) * 0.8));
  const { nextCursor } = await users.find(criteria, PAGE, { page });
  const label = describe(criteria);
  const deep = {
    label: `${label}, page ${page}`,
    rows: page * PAGE * 1.2 + A_PAGE,
    run: () => users.find(criteria, PAGE, { page }),
  };
  const first = { label, rows: A_PAGE, run: () => users.find(criteria, PAGE, {}) };
  if (nextCursor === null) return [first, deep];
  return [
    first,
    deep,
    {
      label: `${label}, cursor there`,
      rows: A_PAGE,
      run: () => users.find(criteria, PAGE, { cursor: nextCursor }),
    },
  ];
}

/** @param {UserCriteria} criteria */
function describe(criteria) {
  const given = Object.entries(criteria).map(([name, value]) =>
    name === 'active' ? 'inactive' : String(value),
  );
  return `find ${given.join(' + ') || 'all'}`;
}
