/** What callers may be allowed to do with the staff directory. */
export const DIRECTORY_SCOPES = ['directory:read', 'directory:write', 'audit:read'] as const;
