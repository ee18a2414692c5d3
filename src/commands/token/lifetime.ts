/** Formats the lifetime of a token. @param expires in ISO 8601; null where it never does */
export function lifetime(expires: string | null): string {
  return expires === null ? 'until revoked' : `until ${expires}`;
}
