import suite from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...suite,
  roots: ['<rootDir>/tests/resilience'],
  testPathIgnorePatterns: [],
  globalSetup: '<rootDir>/tests/resilience/lab/setup.mjs',
  globalTeardown: null,
  testTimeout: 300_000,
  // One fault at a time: the bounds on time are of a machine that does nothing else.
  maxWorkers: 1,
  verbose: true,
};
