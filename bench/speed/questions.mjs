import pg from 'pg';

/**
 * The query that every server gets. Without criteria, for the newest users.
 * @typedef {{ limit: number, criteria?: { department: string, role: string } }} Question
 */
/**
 * A question, and as many others of its kind as there are, in the order in which all servers get them.
 * @typedef {{ name: string, one: Question, others: Question[] }} Topic
 */

const PAGE = 20;
const LIMITS = 40;

const COLUMNS = `u.id, u.username::text, u.email::text, d.name::text AS department, u.role::text, u.active, u.created_at`;
const SOURCE = `FROM users u JOIN departments d ON d.id = u.department_id`;
const NEWEST_FIRST = `ORDER BY u.created_at DESC, u.id DESC`;

export const NEWEST = { limit: PAGE };
const SALES_DEVELOPERS = { limit: PAGE, criteria: { department: 'Sales', role: 'Developer' } };

/** The SELECT that answers a question, for the peers that are asked in SQL. @param {Question} question */
export function toSql({ criteria, limit }) {
  if (!criteria) return `SELECT ${COLUMNS} ${SOURCE} ${NEWEST_FIRST} LIMIT ${limit}`;
  return selectByCriteria(pg.escapeLiteral(criteria.department), pg.escapeLiteral(criteria.role), `${limit}`);
}

/** The same, for the peer whose statements are written beforehand. */
export const TOOLBOX_TOOLS = [
  {
    name: 'list_recent_users',
    statement: `SELECT ${COLUMNS} ${SOURCE} ${NEWEST_FIRST} LIMIT $1`,
    parameters: { limit: 'integer' },
  },
  {
    name: 'find_users',
    statement: selectByCriteria('$1', '$2', '$3'),
    parameters: { department: 'string', role: 'string', limit: 'integer' },
  },
];

/** @param {string} department @param {string} role @param {string} limit */
function selectByCriteria(department, role, limit) {
  const criteria = `d.name = ${department}::citext AND u.role = ${role}::citext AND u.active`;
  return `SELECT ${COLUMNS} ${SOURCE} WHERE ${criteria} ${NEWEST_FIRST} LIMIT ${limit}`;
}

/**
 * The others are the limits 1 to 40, whose mean is that of the one, and all departments and roles that fill a page.
 * @param {pg.Client} client
 * @returns {Promise<Topic[]>}
 */
export async function allTopics(client) {
  const limits = Array.from({ length: LIMITS }, (_, at) => 1 + ((at * 7) % LIMITS));
  const { rows } = await client.query(
    `SELECT d.name AS department, role FROM headcounts JOIN departments d ON d.id = department_id
     WHERE active AND users >= $1 ORDER BY md5(d.name::text || role::text)`,
    [PAGE],
  );
  return [
    { name: 'the 20 newest users', one: NEWEST, others: limits.map((limit) => ({ limit })) },
    {
      name: 'Developers in Sales',
      one: SALES_DEVELOPERS,
      others: rows.map(({ department, role }) => ({ limit: PAGE, criteria: { department, role } })),
    },
  ];
}
