/** The file of tokens is missing, or cannot be used. The message is for the operator. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}
