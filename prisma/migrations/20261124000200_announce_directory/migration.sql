-- Departments and head counts were announced alone, row by row.
DROP TRIGGER departments_announced ON "departments";
DROP TRIGGER departments_announced_on_truncate ON "departments";
DROP TRIGGER headcounts_announced ON "headcounts";
DROP TRIGGER headcounts_announced_on_truncate ON "headcounts";
DROP FUNCTION announce_departments();

-- Steward's processes keep departments, head counts and pages of users in memory. Whoever changes any of them, by whatever
-- program, tells them all with the commit; however much a transaction changes, it is told once.
CREATE FUNCTION announce_directory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('steward_directory', '');
    RETURN NULL;
END $$;

CREATE TRIGGER users_announced
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "users"
    FOR EACH STATEMENT EXECUTE FUNCTION announce_directory();

CREATE TRIGGER departments_announced
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "departments"
    FOR EACH STATEMENT EXECUTE FUNCTION announce_directory();

CREATE TRIGGER headcounts_announced
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "headcounts"
    FOR EACH STATEMENT EXECUTE FUNCTION announce_directory();
