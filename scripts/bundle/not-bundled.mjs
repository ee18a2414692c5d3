/** Packages that dist/ loads from where they are installed, because they bring files of their own: WebAssembly and data. */
export const NOT_BUNDLED = [
  '@electric-sql/pglite',
  '@prisma/prisma-schema-wasm',
  '@prisma/schema-engine-wasm',
];
