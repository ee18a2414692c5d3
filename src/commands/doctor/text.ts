import type pg from 'pg';
import type { Finding } from './index.js';

const ANEW =
  "make a database with ENCODING 'UTF8' and a locale such as C.UTF-8 or en_US.UTF-8 (TEMPLATE template0), and restore a backup into it";

/** Whether the database keeps every character, and tells names apart regardless of case. */
export async function checkText(pool: pg.Pool): Promise<Finding[]> {
  const { rows } = await pool.query<{ encoding: string }>(
    `SELECT current_setting('server_encoding') AS encoding`,
  );
  const encoding = rows[0]?.encoding ?? '';
  const ascii = await folds(pool, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  // A database of another encoding may lack the letter.
  const others = encoding !== 'UTF8' || (await folds(pool, 'ÉЖ'));
  const findings: Finding[] = [];
  if (encoding !== 'UTF8')
    findings.push({
      level: 'problem',
      text: `text: the database's encoding is ${encoding}: ${encoding === 'SQL_ASCII' ? 'letters beyond ASCII are taken byte by byte, so case, length and search are wrong for them' : 'a character that it lacks ends a call in an error'}`,
      remedy: ANEW,
    });
  if (!ascii)
    findings.push({
      level: 'problem',
      text: 'text: the locale folds case in its own way, as Turkish does with I: names that differ in case only are two names, and may both exist',
      remedy: ANEW,
    });
  else if (!others)
    findings.push({
      level: 'warning',
      text: 'text: the locale folds the case of ASCII letters only: "É" and "é" are two names',
      remedy: ANEW,
    });
  return findings.length > 0 ? findings : [{ level: 'ok', text: `text: ${encoding}, case folded` }];
}

async function folds(pool: pg.Pool, letters: string): Promise<boolean> {
  const { rows } = await pool.query<{ folds: boolean }>('SELECT lower($1) = $2 AS folds', [
    letters,
    letters.toLowerCase(),
  ]);
  return rows[0]?.folds === true;
}
