import { readConfig } from '../read-config.js';
import { StewardError } from '../../errors.js';
import { changeTokens } from '../../guard/authentication/token-file.js';

/**
 * Takes a token out of the file; a server that runs notices within a second.
 * @throws StewardError NOT_FOUND; OperatorError
 */
export async function revokeToken(name: string): Promise<void> {
  const { tokensFile } = readConfig();
  await changeTokens(tokensFile, (tokens) => {
    const others = tokens.filter((token) => token.name !== name);
    if (others.length === tokens.length) {
      throw new StewardError('NOT_FOUND', 'There is no token of this name. See steward token list.');
    }
    return others;
  });
  process.stderr.write(`The token of ${name} is revoked.\n`);
}
