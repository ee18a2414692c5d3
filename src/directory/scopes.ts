/** The scopes of the staff directory, which callers may have. */
export const DIRECTORY_SCOPES = ['directory:read', 'directory:write', 'audit:read'] as const;
