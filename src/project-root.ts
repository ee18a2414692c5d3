import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, the `.env.*` files, `prisma/` and `dist/`. */
export const PROJECT_ROOT = fileURLToPath(new URL('..', import.meta.url));
