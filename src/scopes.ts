/** What a caller may be allowed to do. Each capability asks for one. */
export const SCOPES = ['directory:read', 'directory:write', 'audit:read'] as const;

export type Scope = (typeof SCOPES)[number];
