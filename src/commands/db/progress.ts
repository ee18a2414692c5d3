import { Transform } from 'node:stream';

const EVERY_MS = 5000;

// Whoever closes our stderr takes the messages with it, not the backup.
process.stderr.on('error', () => {});

/** Tells the person at the terminal what is being done. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Passes bytes through and tells from time to time how many there were. */
export function watchBytes(verb: string): Transform {
  let bytes = 0;
  const timer = setInterval(() => say(`${size(bytes)} ${verb} so far`), EVERY_MS);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
    destroy(error, done) {
      clearInterval(timer);
      done(error);
    },
  });
}

/** A size for people. */
export function size(bytes: number): string {
  const [unit, divisor] = bytes < 1024 * 1024 ? ['kB', 1024] : ['MB', 1024 * 1024];
  return `${(bytes / divisor).toFixed(1)} ${unit}`;
}
