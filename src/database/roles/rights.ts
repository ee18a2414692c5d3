/** The rights that some work needs: tables to read, columns to write, sequences to take ids from. */
export interface Rights {
  /** The columns to write, by table. Each table is read as a whole. */
  tables: Record<string, { INSERT?: readonly string[]; UPDATE?: readonly string[] }>;
  sequences: readonly string[];
}
