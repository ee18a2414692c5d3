/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  // They have a configuration of their own, and run with `npm run resilience`.
  testPathIgnorePatterns: ['<rootDir>/tests/resilience/'],
  extensionsToTreatAsEsm: ['.ts'],
  // Type errors are found by `npm run check`; the compiler's own pass here would double the time of a run.
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, diagnostics: false }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/tests/support/prepare.mjs',
  globalTeardown: '<rootDir>/tests/support/tidy.mjs',
  testTimeout: 60_000,
  // Each worker runs a server, and on the embedded database a PGlite of 300 MB beside it.
  maxWorkers: 2,
};
