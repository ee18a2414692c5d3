import pg from 'pg';

/**
 * @typedef {import('../directory.mjs').Statement} Statement
 * @typedef {import('./reads.mjs').Read} Read
 * @typedef {Record<string, unknown> & { Plans?: PlanNode[] }} PlanNode
 * @typedef {{ nodes: string[], rows: number, buffers: number, ms: number, scanned: string[] }} Reading
 * @typedef {{ label: string, custom: Reading, generic: Reading | undefined, verdict: string }} Judged
 */

const LARGE_TABLES = ['users', 'user_audit_log', 'user_preferences'];
/** The count of a search stops at 10,001 matches; it may pass others, of another department for instance. */
const A_COUNT = 50_000;

/** @param {Statement} statement */
export function readsLargeTable({ text }) {
  return new RegExp(`(FROM|JOIN|UPDATE)\\s+("?public"?\\.)?"?(${LARGE_TABLES.join('|')})\\b`).test(text);
}

/**
 * @param {pg.Client} client
 * @param {Read} read
 * @param {Statement} statement
 * @returns {Promise<Judged>}
 */
export async function judge(client, read, statement) {
  const custom = await explain(client, statement, 'force_custom_plan');
  // A statement without a name is planned for its values each time.
  const generic = statement.name ? await explain(client, statement, 'force_generic_plan') : undefined;
  const counts = statement.text.includes('count(*)');
  const most = counts ? read.rows + Math.max(read.rows, A_COUNT) : read.rows;
  const readings = [custom, ...(generic ? [generic] : [])];
  const scanned = readings.flatMap((reading) => reading.scanned);
  const tooMany = readings.some((reading) => reading.rows > most);
  return {
    label: read.label,
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
    rows: nodes.filter(isOfLargeTable).reduce((sum, node) => sum + rowsRead(node), 0),
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

/** Indexes are named after their tables. @param {PlanNode} node */
function isOfLargeTable(node) {
  const name = String(node['Relation Name'] ?? node['Index Name']);
  return isScan(node) && LARGE_TABLES.some((table) => name.startsWith(table));
}

/** @param {PlanNode} node */
function nameOf(node) {
  return `${String(node['Node Type']).replace(' Scan', '')} ${String(node['Index Name'] ?? node['Relation Name'])}`;
}

/** The rows that a scan read, not the rows that it returned. @param {PlanNode} node */
function rowsRead(node) {
  const each = ['Actual Rows', 'Rows Removed by Filter', 'Rows Removed by Index Recheck'];
  return each.reduce((sum, key) => sum + Number(node[key] ?? 0), 0) * Number(node['Actual Loops']);
}
