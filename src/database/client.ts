/** What the database floor uses of a Prisma Client, from whichever schema that was generated. */
export interface DatabaseClient {
  $queryRaw<Rows = unknown>(query: TemplateStringsArray, ...values: unknown[]): Promise<Rows>;
  $disconnect(): Promise<void>;
}
