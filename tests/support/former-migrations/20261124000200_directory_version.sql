-- Until now departments and head counts, but not users, were announced with NOTIFY. PostgreSQL lets transactions that do so
-- commit one by one only, and delivers what they say a moment after the change can be seen.
DROP TRIGGER departments_announced ON "departments";
DROP TRIGGER departments_announced_on_truncate ON "departments";
DROP TRIGGER headcounts_announced ON "headcounts";
DROP TRIGGER headcounts_announced_on_truncate ON "headcounts";
DROP FUNCTION announce_departments();

-- Steward's processes keep departments, head counts and pages of users in memory, and use them as long as these show what
-- they showed before that was read. Whatever changes any of them, by whatever program, moves them on before its commit.
-- Sequences stand outside of transactions, so nobody waits for anybody.
CREATE SEQUENCE "directory_version";
CREATE SEQUENCE "departments_version";
-- A sequence shows the same before and after its first value is taken.
SELECT pg_catalog.nextval('"directory_version"'), pg_catalog.nextval('"departments_version"');

-- With the rights of its owner, so whoever may write these tables needs no right on the sequences.
CREATE FUNCTION move_directory_version() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_catalog.nextval('public.directory_version');
    IF TG_RELID OPERATOR(pg_catalog.=) 'public.departments'::pg_catalog.regclass THEN
        PERFORM pg_catalog.nextval('public.departments_version');
    END IF;
    RETURN NULL;
END $$;

-- Asked of whoever makes a trigger of it, not of whoever sets one off.
REVOKE EXECUTE ON FUNCTION move_directory_version() FROM PUBLIC;

CREATE TRIGGER users_move_version
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "users"
    FOR EACH STATEMENT EXECUTE FUNCTION move_directory_version();

CREATE TRIGGER departments_move_version
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "departments"
    FOR EACH STATEMENT EXECUTE FUNCTION move_directory_version();

CREATE TRIGGER headcounts_move_version
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "headcounts"
    FOR EACH STATEMENT EXECUTE FUNCTION move_directory_version();
