/** How long a token is good for, in words. @param expires in ISO 8601; null where it never does */
export function lifetime(expires: string | null): string {
  return expires === null ? 'until revoked' : `until ${expires}`;
}
