import { OperatorError } from '../../errors.js';
import { overrideVariable } from '../../settings/sources.js';
import { workingFolder } from '../../settings/folders.js';
import { commandName } from '../command-name.js';
import { doctor } from '../doctor/index.js';

/** Compares a configuration with its databases. What is wrong is printed and makes the exit code 1; the file stays. */
export async function checkConfiguration(file: string): Promise<void> {
  overrideVariable('STEWARD_CONFIG', file);
  try {
    await doctor();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    process.stdout.write(`${error.message}\n`);
    process.exitCode = 1;
  }
  if (process.exitCode === 1)
    process.stdout.write(`\nThen check again: ${commandName(workingFolder())} doctor\n`);
}
