/** What a role needs for some work: the tables it reads, the columns it writes there, the sequences it takes ids from. */
export interface Rights {
  /** By table; each is read as a whole. */
  tables: Record<string, { INSERT?: readonly string[]; UPDATE?: readonly string[] }>;
  sequences: readonly string[];
}
