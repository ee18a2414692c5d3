#!/usr/bin/env node
// Shows by which indexes PostgreSQL answers every read of the directory, and fails where one scans a table or reads
// more rows than it should. The statements are those that the domain really sends: they are caught on their way.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';

const HELP = `Usage: node bench/explain.mjs [USERS] [--keep]

Creates the database steward_explain with USERS users (default 1000000, which takes some minutes), explains every read
of the directory once planned for its values (custom) and once for any values (generic, which PostgreSQL may choose for
a named prepared statement), prints a table, and drops the database again. Build first: npm run build.

  --keep   leave the database where it is
  --help   this text

TEST_DATABASE_URL names a server on which databases may be created, for instance
  TEST_DATABASE_URL=postgresql://postgres@127.0.0.1:5432/postgres

Exit code 1: a read has a sequential scan on a large table, or reads more rows than its bound. (With few users that is
as it should be: PostgreSQL rightly scans a table that is small.)`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DATABASE = 'steward_explain';
const LARGE_TABLES = ['users', 'user_audit_log', 'user_preferences'];
const PAGE = 20;
/** A page, its department names, and what an index yields beside them. */
const A_PAGE = 200;
/** The count of a search stops at 10,001 matches; it may pass others, of another department for instance. */
const A_COUNT = 50_000;
const BATCHES = 10;

/**
 * @typedef {{ name?: string, text: string, values: (string | number | boolean | null)[] }} Statement
 * @typedef {{ nodes: string[], rows: number, buffers: number, ms: number, scanned: string[] }} Reading
 * @typedef {{ label: string, rows: number, run: () => Promise<unknown> }} Read
 * @typedef {import('../src/directory/index.js').Directory} Directory
 * @typedef {Record<string, unknown> & { Plans?: PlanNode[] }} PlanNode
 */

/** @param {string} text */
const progress = (text) => process.stderr.write(`${text}\n`);

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const userCount = Number(positionals[0] ?? 1_000_000);
const server = process.env['TEST_DATABASE_URL'];
if (flags.help || !server || !Number.isInteger(userCount) || userCount < 1000) {
  progress(
    flags.help ? HELP : `TEST_DATABASE_URL is not set, or USERS is not a number from 1000.\n\n${HELP}`,
  );
  process.exit(flags.help ? 0 : 2);
}

const url = new URL(server);
url.pathname = `/${DATABASE}`;
await onServer(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`, `CREATE DATABASE ${DATABASE}`);
try {
  process.exitCode = (await explainAll()) ? 0 : 1;
} finally {
  if (flags.keep) progress(`Kept: ${DATABASE}`);
  else await onServer(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
}

/** @param {string[]} statements */
async function onServer(...statements) {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** @returns {Promise<boolean>} whether all is well */
async function explainAll() {
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await migrate(client);
  await fill(client);
  const domain = await openDomain();
  const rows = [];
  const seen = new Set();
  for (const read of await reads(domain.directory, client)) {
    for (const statement of await domain.caughtWhile(read.run)) {
      // Small look-ups are the same in every read: shown once.
      if (!readsLargeTable(statement) && seen.has(statement.text)) continue;
      seen.add(statement.text);
      rows.push(await judge(client, read, statement));
    }
    progress(`explained: ${read.label}`);
  }
  await domain.close();
  await client.end();
  print(rows);
  return rows.every((row) => row.verdict === '');
}

/** @param {pg.Client} client */
async function migrate(client) {
  const folder = path.join(ROOT, 'prisma/migrations');
  const entries = await readdir(folder, { withFileTypes: true });
  for (const { name } of entries
    .filter((entry) => entry.isDirectory())
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    await client.query(await readFile(path.join(folder, name, 'migration.sql'), 'utf8'));
  }
}

/**
 * Ten years of staff: the oldest 2 % with addresses at legacy.example.com, then 38 % at oldcorp.example.com, the newest
 * 1 % at new.example.com, so that there are words that match only the oldest or only the newest. Field Service, a fifth
 * of the older half, has hired nobody since; user 51 has changed a lot, but long ago.
 * @param {pg.Client} client
 */
async function fill(client) {
  await client.query(`
    INSERT INTO departments (name) SELECT unnest(ARRAY['Engineering', 'Sales', 'Customer Support', 'Operations',
      'Marketing', 'Finance', 'Human Resources', 'Legal', 'Research', 'Field Service'])`);
  // For the load alone; VACUUM below puts into the index what was left pending.
  await client.query('ALTER INDEX users_search_text_idx SET (fastupdate = on)');
  const started = performance.now();
  for (let batch = 0; batch < BATCHES; batch++) {
    await client.query(
      `INSERT INTO users (username, email, department_id, role, active, created_at)
       SELECT given || '_' || family || '_' || n, given || '.' || family || n || '@' || host || 'example.com',
         CASE WHEN n % 5 = 0 AND n <= $3 * 0.5 THEN 11
           ELSE 1 + width_bucket(random(), ARRAY[0.002, 0.35, 0.60, 0.80, 0.90, 0.94, 0.97, 0.99, 0.998]) END,
         roles[1 + width_bucket(random(), ARRAY[0.4, 0.6, 0.72, 0.82, 0.88, 0.92, 0.95, 0.97, 0.98, 0.99, 0.998])],
         random() >= 0.09,
         now() - interval '10 years' * (1 - n::float8 / $3) + interval '2 days' * (random() - 1)
       FROM generate_series($1::int, $2::int) AS n,
         (SELECT string_to_array('ada amir ana ben camila chen deniz elena emma erik fatima felix grace hana ines ivan jana jonas kavya leo lucia marco mei nadia noah olga omar priya rosa sam sofia tariq uma viktor wei yara zoe', ' ') AS g,
            string_to_array('abbott bauer bianchi castro costa dubois eriksen fischer garcia haddad hughes ito jensen kaya khan kim kovacs kumar larsen lopez meyer mori nguyen novak okafor olsen patel popov reyes rossi santos sato schmidt silva singh smith tanaka torres weber yilmaz zhang', ' ') AS f,
            string_to_array('User,Developer,Account Executive,Support Agent,Coordinator,Analyst,Designer,Accountant,Recruiter,Tester,Manager,Controller', ',') AS roles) AS names,
         LATERAL (SELECT g[1 + n * 7 % cardinality(g)] AS given, f[1 + (n * 13 + n / 61) % cardinality(f)] AS family,
            CASE WHEN n <= $3 * 0.02 THEN 'legacy.' WHEN n <= $3 * 0.4 THEN 'oldcorp.' WHEN n > $3 * 0.99 THEN 'new.' ELSE '' END AS host) AS person`,
      [
        Math.floor((userCount * batch) / BATCHES) + 1,
        Math.floor((userCount * (batch + 1)) / BATCHES),
        userCount,
      ],
    );
    progress(
      `users: ${((batch + 1) * 100) / BATCHES} % after ${Math.round((performance.now() - started) / 1000)} s`,
    );
  }
  // Two in five changes are those of fifty busy users.
  await client.query(
    `INSERT INTO user_audit_log (user_id, field_changed, old_value, new_value, changed_at, actor, tool, request_id)
     SELECT CASE WHEN n <= $1 / 200 THEN 51 WHEN n % 5 < 2 THEN 1 + n % 50 ELSE 1 + (random() * ($1 - 1))::int END, 'department', 'Sales', 'Finance',
       now() - interval '1 second' * ($1 - n), 'somebody', 'transfer_user', gen_random_uuid()::text
     FROM generate_series(1, $1::int / 2) AS n`,
    [userCount],
  );
  await client.query(
    `INSERT INTO user_preferences (user_id, preferences)
     SELECT n * 4, jsonb_build_object('theme', 'dark', 'language', 'en') FROM generate_series(1, $1::int / 4) AS n`,
    [userCount],
  );
  await client.query('ALTER INDEX users_search_text_idx SET (fastupdate = off)');
  await client.query('VACUUM ANALYZE');
}

/** The directory as the server composes it, with an ear on each of its connections. */
async function openDomain() {
  /** @type {typeof import('../src/database/pool.js')} */
  const { connect } = await import(new URL('../dist/database/pool.js', import.meta.url).href);
  /** @type {typeof import('../src/directory/index.js')} */
  const { createDirectory } = await import(new URL('../dist/directory/index.js', import.meta.url).href);
  /** @type {typeof import('../src/log.js')} */
  const { createLog } = await import(new URL('../dist/log.js', import.meta.url).href);
  const config = {
    url: url.href,
    dataDir: '',
    pool: { min: 1, max: 4, acquireTimeoutMs: 3000, idleTimeoutMs: 30_000, lifetimeMs: 1_800_000 },
    session: { statementTimeoutMs: 30_000, lockTimeoutMs: 3000, idleInTransactionTimeoutMs: 30_000 },
  };
  const connections = connect(url.href, config, createLog('warn'));
  /** @type {Statement[]} */
  let caught = [];
  connections.pool.on('connect', (client) => {
    const query = /** @type {(...all: unknown[]) => unknown} */ (client.query.bind(client));
    const listening = (/** @type {string | Statement} */ sent, /** @type {unknown[]} */ ...rest) => {
      if (typeof sent === 'object') caught.push({ ...sent, values: sent.values ?? (rest[0] || []) });
      return query(sent, ...rest);
    };
    Object.assign(client, { query: listening });
  });
  return {
    directory: createDirectory(connections.prisma, { departmentsTtlMs: 0 }),
    close: () => connections.close(),
    /** @param {() => Promise<unknown>} run */
    async caughtWhile(run) {
      caught = [];
      await run();
      return caught.filter(({ text }) => /^\s*(SELECT|UPDATE)/.test(text));
    },
  };
}

/**
 * @param {Directory} directory
 * @param {pg.Client} client
 * @returns {Promise<Read[]>}
 */
async function reads(directory, client) {
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
  const author = { actor: 'bench', tool: 'explain', requestId: '1', signal: new AbortController().signal };
  const known = [
    { label: 'recent', run: () => users.recent(100) },
    { label: 'user by id', run: () => users.get({ id }) },
    { label: 'user by username', run: () => users.get({ username: username.toUpperCase() }) },
    { label: 'user by email', run: () => users.get({ email }) },
    { label: 'departments', run: () => departments.list() },
    { label: 'roles', run: () => directory.roles() },
    { label: 'history, busy user', run: () => auditLog.ofUser(1, PAGE) },
    {
      label: 'history, deep cursor',
      run: () => auditLog.ofUser(1, PAGE, auditLog.cursorAfter(1, { ...entry, id: busy.rows[0].id })),
    },
    { label: 'history, all long ago', run: () => auditLog.ofUser(51, PAGE) },
    { label: 'history, quiet user', run: () => auditLog.ofUser(id, PAGE) },
    { label: 'preferences', run: () => preferences.get(4) },
    { label: 'transfer', run: () => changes.transfer(id, 'Legal', author) },
    { label: 'set preferences', run: () => preferences.update(8, { theme: 'light' }, author) },
  ].map((read) => ({ ...read, rows: A_PAGE }));

  /** @type {import('../src/directory/users.js').UserCriteria[]} */
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
    found.push(...(await pagesOf(users, criteria)));
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
  found.push(...(await pagesOf(users, { search: 'example' })));
  return [...known, ...found];
}

/**
 * The first page, one far down by its number, and the next one by cursor.
 * @param {Directory['users']} users
 * @param {import('../src/directory/users.js').UserCriteria} criteria
 * @returns {Promise<Read[]>}
 */
async function pagesOf(users, criteria) {
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

/** @param {Statement} statement */
function readsLargeTable({ text }) {
  return new RegExp(`(FROM|JOIN|UPDATE)\\s+("public"\\.)?"?(${LARGE_TABLES.join('|')})\\b`).test(text);
}

/** @param {import('../src/directory/users.js').UserCriteria} criteria */
function describe(criteria) {
  const given = Object.entries(criteria).map(([name, value]) =>
    name === 'active' ? 'inactive' : String(value),
  );
  return `find ${given.join(' + ') || 'all'}`;
}

/**
 * @param {pg.Client} client
 * @param {Read} read
 * @param {Statement} statement
 */
async function judge(client, read, statement) {
  const custom = await explain(client, statement, 'force_custom_plan');
  // A statement without a name is planned for its values each time.
  const generic = statement.name ? await explain(client, statement, 'force_generic_plan') : undefined;
  const isCount = statement.text.includes('COUNT(*)');
  const most = isCount ? Math.max(read.rows, A_COUNT) : read.rows;
  const readings = [custom, ...(generic ? [generic] : [])];
  const scanned = readings.flatMap((reading) => reading.scanned);
  const tooMany = readsLargeTable(statement) && readings.some((reading) => reading.rows > most);
  return {
    label: `${read.label}${isCount ? ' (count)' : ''}`,
    custom,
    generic,
    verdict: scanned.length > 0 ? `SCANS ${scanned.join(', ')}` : tooMany ? `MORE THAN ${most} ROWS` : '',
  };
}

/**
 * @param {pg.Client} client
 * @param {Statement} statement
 * @param {'force_custom_plan' | 'force_generic_plan'} mode
 * @returns {Promise<Reading>}
 */
async function explain(client, { text, values }, mode) {
  const literals = values.map((value) => (value === null ? 'NULL' : pg.escapeLiteral(`${value}`))).join(', ');
  await client.query('BEGIN');
  await client.query(`SET LOCAL plan_cache_mode = ${mode}`);
  await client.query(`PREPARE explained AS ${text}`);
  const command = `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE explained${literals && ` (${literals})`}`;
  await client.query(command);
  const { rows } = await client.query(command);
  await client.query('ROLLBACK');
  await client.query('DEALLOCATE explained');
  const [{ Plan: plan, 'Execution Time': ms }] = rows[0]['QUERY PLAN'];
  const nodes = [...walk(plan)];
  return {
    nodes: [...new Set(nodes.filter(isScan).map(nameOf))],
    rows: nodes.filter(isScan).reduce((sum, node) => sum + rowsRead(node), 0),
    buffers: Number(plan['Shared Hit Blocks']) + Number(plan['Shared Read Blocks']),
    ms,
    scanned: nodes
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => String(node['Relation Name']))
      .filter((table) => LARGE_TABLES.includes(table)),
  };
}

/** @param {PlanNode} node @returns {Generator<PlanNode>} */
function* walk(node) {
  yield node;
  for (const child of node.Plans ?? []) yield* walk(child);
}

/** @param {PlanNode} node */
function isScan(node) {
  return /(Seq|Index|Index Only|Bitmap Index|Bitmap Heap) Scan$/.test(String(node['Node Type']));
}

/** @param {PlanNode} node */
function nameOf(node) {
  return `${String(node['Node Type']).replace(' Scan', '')} ${String(node['Index Name'] ?? node['Relation Name'])}`;
}

/** What a scan touched, not what it let through. @param {PlanNode} node */
function rowsRead(node) {
  const each = ['Actual Rows', 'Rows Removed by Filter', 'Rows Removed by Index Recheck'];
  return each.reduce((sum, key) => sum + Number(node[key] ?? 0), 0) * Number(node['Actual Loops']);
}

/** @param {Awaited<ReturnType<typeof judge>>[]} rows */
function print(rows) {
  console.log(
    `| read, ${userCount} users | plan for its values | rows read | buffers | ms | plan for any values | rows | ms |`,
  );
  console.log('| --- | --- | --: | --: | --: | --- | --: | --: |');
  for (const { label, custom, generic, verdict } of rows) {
    const plan = custom.nodes.join(', ');
    const other = generic?.nodes.join(', ');
    const cells = [
      verdict ? `${label} **${verdict}**` : label,
      plan,
      custom.rows,
      custom.buffers,
      custom.ms.toFixed(2),
      other === undefined ? 'never' : other === plan ? 'the same' : other,
      generic?.rows ?? '',
      generic?.ms.toFixed(2) ?? '',
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  const failed = rows.filter((row) => row.verdict !== '').length;
  progress(
    failed > 0
      ? `${failed} of ${rows.length} statements read too much`
      : `All ${rows.length} statements are answered by index`,
  );
}
