import { describe } from '@jest/globals';
import { POSTGRES_BIN } from './postgres-server.mjs';
import { SERVER_URL } from './template.mjs';

/** Runs if the suite uses a PostgreSQL server. */
export const onServer = SERVER_URL === undefined ? describe.skip : describe;

/** Runs if the suite uses the embedded database. */
export const onEmbedded = SERVER_URL === undefined ? describe : describe.skip;

/** Runs if the suite uses a server, and PostgreSQL's programs can start another. */
export const onServerOfItsOwn = POSTGRES_BIN === undefined ? describe.skip : onServer;

/** Why onServerOfItsOwn skips, to be told in the name; false where it does not. */
export const whyNoServer =
  SERVER_URL === undefined
    ? 'on a PostgreSQL server only'
    : POSTGRES_BIN === undefined && "PostgreSQL's programs are not installed here";
