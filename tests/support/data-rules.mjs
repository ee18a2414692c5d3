/** @typedef {{ query(sql: string): Promise<any[]> }} Queried a database to look into, past Steward */

/**
 * The number of rows of each table of the directory, and how many users have no audit row of their creation: the sample's.
 * @param {Queried} database
 * @returns {Promise<Record<string, number>>}
 */
export async function census(database) {
  const [counts] = await database.query(`
    SELECT (SELECT count(*) FROM departments)::int AS departments,
           (SELECT count(*) FROM users)::int AS users,
           (SELECT count(*) FROM user_audit_log)::int AS changes,
           (SELECT count(*) FROM user_preferences)::int AS preferences,
           (SELECT sum(users) FROM headcounts)::int AS counted,
           (SELECT count(*) FROM users u WHERE NOT EXISTS (
             SELECT FROM user_audit_log WHERE user_id = u.id AND field_changed = 'created'))::int AS unrecorded`);
  return counts;
}

/**
 * Invariants of the database: each query finds the rows that break a rule.
 * @type {Record<string, string>}
 */
const RULES = {
  'headcounts equal counts': `
    SELECT * FROM (SELECT department_id, role, active, count(*)::int AS users FROM users GROUP BY 1, 2, 3) counted
    FULL JOIN (SELECT * FROM headcounts WHERE users <> 0) held USING (department_id, role, active)
    WHERE counted.users IS DISTINCT FROM held.users`,
  'each old value is the new value before it': `
    SELECT * FROM (
      SELECT *, lag(id) OVER field AS before, lag(new_value) OVER field AS value_before FROM user_audit_log
      WINDOW field AS (PARTITION BY user_id, field_changed ORDER BY id)) changes
    WHERE before IS NOT NULL AND CASE field_changed
      WHEN 'preferences' THEN old_value::jsonb IS DISTINCT FROM value_before::jsonb
      ELSE old_value IS DISTINCT FROM value_before END`,
  'the last new value is what the user has now': `
    SELECT * FROM (
      SELECT DISTINCT ON (user_id, field_changed) user_id, field_changed, new_value FROM user_audit_log
      ORDER BY user_id, field_changed, id DESC) last
    JOIN users u ON u.id = user_id JOIN departments d ON d.id = u.department_id
    LEFT JOIN user_preferences p USING (user_id)
    WHERE CASE field_changed
      WHEN 'created' THEN new_value <> u.username::text
      WHEN 'department' THEN new_value <> d.name::text
      WHEN 'role' THEN new_value <> u.role::text
      WHEN 'active' THEN new_value <> u.active::text
      WHEN 'preferences' THEN new_value::jsonb IS DISTINCT FROM p.preferences
      ELSE true END`,
  'no user was created twice, and nothing was changed before': `
    SELECT user_id FROM user_audit_log GROUP BY user_id
    HAVING count(*) FILTER (WHERE field_changed = 'created') > 1
    OR min(id) <> min(id) FILTER (WHERE field_changed = 'created')`,
  'preferences are there because a call set them': `
    SELECT user_id FROM user_preferences p WHERE NOT EXISTS (
      SELECT FROM user_audit_log a WHERE a.user_id = p.user_id AND a.field_changed = 'preferences')`,
};

/**
 * The rules of the data model that do not hold, each with the rows that break it; empty, as it has to be.
 * @param {Queried} database
 */
export async function brokenRules(database) {
  /** @type {Record<string, unknown[]>} */
  const broken = {};
  for (const [rule, sql] of Object.entries(RULES)) {
    const rows = await database.query(sql);
    if (rows.length > 0) broken[rule] = rows;
  }
  return broken;
}
