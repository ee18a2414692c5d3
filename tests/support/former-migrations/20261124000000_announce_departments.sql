-- Steward's processes keep departments and their head counts in memory. Whoever changes either, by whatever program, tells
-- them all with the commit; however much a transaction changes, it is told once. A trigger for each row does not fire for
-- a change of no rows, as one for each statement would.
CREATE FUNCTION announce_departments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('steward_departments', '');
    RETURN NULL;
END $$;

CREATE TRIGGER departments_announced
    AFTER INSERT OR UPDATE OR DELETE ON "departments"
    FOR EACH ROW EXECUTE FUNCTION announce_departments();

CREATE TRIGGER departments_announced_on_truncate
    AFTER TRUNCATE ON "departments"
    FOR EACH STATEMENT EXECUTE FUNCTION announce_departments();

CREATE TRIGGER headcounts_announced
    AFTER INSERT OR UPDATE OR DELETE ON "headcounts"
    FOR EACH ROW EXECUTE FUNCTION announce_departments();

CREATE TRIGGER headcounts_announced_on_truncate
    AFTER TRUNCATE ON "headcounts"
    FOR EACH STATEMENT EXECUTE FUNCTION announce_departments();
