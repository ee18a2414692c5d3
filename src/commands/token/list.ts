import { readConfig } from '../read-config.js';
import { readTokensIfAny, type StoredToken } from '../../guard/authentication/token-file.js';
import { alignColumns } from '../columns.js';
import { lifetime } from './lifetime.js';

/** Prints what is known of each token. @throws OperatorError */
export async function listTokens(): Promise<void> {
  const tokens = await readTokensIfAny(readConfig().tokensFile);
  const rows = tokens.map((token) => [
    token.name,
    token.scopes.join(','),
    `created ${token.created}`,
    state(token),
  ]);
  for (const line of alignColumns(rows)) process.stdout.write(`${line}\n`);
  if (rows.length === 0) process.stderr.write('There are no tokens.\n');
}

function state({ expires }: StoredToken): string {
  return expires !== null && Date.parse(expires) <= Date.now() ? `expired ${expires}` : lifetime(expires);
}
