/** The methods of a Prisma Client that the database floor uses. They are the same for every schema. */
export interface DatabaseClient {
  $queryRaw<Rows = unknown>(query: TemplateStringsArray, ...values: unknown[]): Promise<Rows>;
  $disconnect(): Promise<void>;
}
