-- What the four migrations before the first release left besides what the current one makes: pg_dump shows no other
-- difference. None of these scripts changes any more.
CREATE SEQUENCE "directory_version";
CREATE SEQUENCE "departments_version";

CREATE FUNCTION move_directory_version() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_catalog.nextval('public.directory_version');
    IF TG_RELID OPERATOR(pg_catalog.=) 'public.departments'::pg_catalog.regclass THEN
        PERFORM pg_catalog.nextval('public.departments_version');
    END IF;
    RETURN NULL;
END $$;

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

CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0);
INSERT INTO _prisma_migrations (id, migration_name, checksum, finished_at, applied_steps_count)
SELECT left(name, 36), name, checksum, now(), 1 FROM (VALUES
    ('20261123000000_staff_directory', '1a6dec8f6cff77dae93e188f1267a6f6cc2711b7b8f2e34a42b13b1b70f21d8b'),
    ('20261124000000_announce_departments', '6d5a720a5adeb619588093f34cac72207b8896a02584474eb343bae750e2f9be'),
    ('20261124000100_headcounts_by_their_owner', '2ecd0a96ebc9ff63d93c4220324211eaf8b9f07c7dbb34888078dc37c0b6213e'),
    ('20261124000200_directory_version', '88e54a74744035bafc7df6451b5fba6f51b515249f51aa7d888f76e31d38ca40')
) former (name, checksum);
