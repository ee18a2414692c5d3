import pg from 'pg';
import type { TestDatabase } from './database.js';

/** Holds a user against everybody else who would change it, until the connection is given up or its transaction ends. */
export async function holdUser(database: TestDatabase, userId: number): Promise<pg.Client> {
  const holder = new pg.Client({ connectionString: database.administration['DATABASE_URL'] });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]);
  return holder;
}
