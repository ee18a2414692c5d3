import { InvalidArgumentError } from 'commander';

/** Reads an argument or option of the command line that is a whole number from 1 to `most`. */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number, 1 to ${most}.`);
  };
}
