import { migrate } from '../tests/support/migrate.mjs';
import { progress } from './progress.mjs';

const BATCHES = 10;

/**
 * Ten years of staff: the oldest 2 % with addresses at legacy.example.com, then 38 % at oldcorp.example.com, the newest
 * 1 % at new.example.com, so that there are words that match only the oldest or only the newest. Field Service, a fifth
 * of the older half, has hired no one since; user 51 has changed a lot, but long ago.
 * @param {import('pg').Client} client
 * @param {string} url of the same database
 * @param {number} userCount
 */
export async function fill(client, url, userCount) {
  await migrate(url);
  await client.query(`
    INSERT INTO departments (name) SELECT unnest(ARRAY['Engineering', 'Sales', 'Customer Support', 'Operations',
      'Marketing', 'Finance', 'Human Resources', 'Legal', 'Research', 'Field Service'])`);
  // For the load alone; VACUUM below puts into the index what was left pending.
  await client.query('ALTER INDEX users_search_text_idx SET (fastupdate = on)');
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
    progress(`users: ${((batch + 1) * 100) / BATCHES} %`);
  }
  // Two in five changes are those of fifty busy users.
  await client.query(
    `INSERT INTO user_audit_log (user_id, field_changed, old_value, new_value, changed_at, actor, tool, request_id)
     SELECT CASE WHEN n <= $1 / 200 THEN 51 WHEN n % 5 < 2 THEN 1 + n % 50 ELSE 1 + (random() * ($1 - 1))::int END, 'department', 'Sales', 'Finance',
       now() - interval '1 second' * ($1 - n), 'operator', 'transfer_user', gen_random_uuid()::text
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
