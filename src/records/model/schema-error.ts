import { OperatorError } from '../../errors.js';

/** The schema cannot be read. The message is for its author, and names file and line where they are known. */
export class SchemaError extends OperatorError {
  override readonly name = 'SchemaError';
}
