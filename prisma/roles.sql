-- The roles that Steward's database is worked with, and all that they may do there:
--
--   steward_owner  owns the database and its tables; for `prisma migrate deploy`, `steward db backup` and `restore`
--   steward_app    what Steward itself connects as: reads, adds, and changes just the columns that its tools change
--
-- To be run before the first `prisma migrate deploy`, by an administrator (a superuser, or the database's owner with
-- CREATEROLE and CREATEDB), and after each one by whoever deployed: only what exists can be granted.
--
--   psql -d staff -f prisma/roles.sql        then, in psql: \password steward_owner  and  \password steward_app
--   DATABASE_URL=postgresql://steward_owner:…@…/staff npx prisma migrate deploy
--   DATABASE_URL=postgresql://steward_owner:…@…/staff npx prisma db execute --file prisma/roles.sql
--
-- It can be run at any time and any number of times, also on a database that was migrated without it: its tables are
-- handed to steward_owner, and whatever else steward_app was granted on them is taken away.

-- Until they have a password, neither can log in where one is asked for.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['steward_owner', 'steward_app'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- Roles are the whole server's: somebody has just made it beside another database.
        END;
    END LOOP;
    -- Whoever hands something over must be a member of the role that gets it, and has its rights afterwards; a superuser
    -- always is. From PostgreSQL 16 on, who creates a role is a member who may neither become it nor use its rights.
    IF current_setting('server_version_num')::int < 160000 THEN
        IF NOT pg_has_role('steward_owner', 'USAGE') THEN
            EXECUTE format('GRANT steward_owner TO %I', current_user);
        END IF;
    ELSIF NOT (pg_has_role('steward_owner', 'SET') AND pg_has_role('steward_owner', 'USAGE')) THEN
        EXECUTE format('GRANT steward_owner TO %I WITH SET TRUE, INHERIT TRUE', current_user);
    END IF;
END $$;

-- steward_app may have been made, and given powers, by others. Whoever may not take a power away is told of it.
DO $$
DECLARE
    given text;
BEGIN
    FOR given IN
        SELECT format('ALTER ROLE steward_app NO%s', attribute)
        FROM pg_roles, LATERAL (VALUES ('SUPERUSER', rolsuper), ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb),
            ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)) AS held (attribute, has)
        WHERE rolname = 'steward_app' AND has
        UNION ALL
        -- From PostgreSQL 16 on, each grantor's grant is one of its own.
        SELECT format(
            CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'REVOKE %I FROM steward_app'
                ELSE 'REVOKE %I FROM steward_app GRANTED BY %I CASCADE' END,
            pg_get_userbyid(roleid), pg_get_userbyid(grantor))
        FROM pg_auth_members
        WHERE member = 'steward_app'::regrole AND pg_get_userbyid(roleid) ~ '^(steward_owner$|pg_)'
          AND pg_get_userbyid(roleid) NOT IN ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats',
            'pg_stat_scan_tables', 'pg_use_reserved_connections')
    LOOP
        BEGIN
            EXECUTE given;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE WARNING 'Not permitted to %: let a superuser run: %', current_user, given;
        END;
    END LOOP;
END $$;

-- The owner may create what the migrations ask for: tables, and the trusted extensions citext and pg_trgm.
DO $$
DECLARE
    mine record;
BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO steward_owner', current_database());
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, steward_app', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO steward_app', current_database());
    -- From PostgreSQL 15 on, the schema is the database owner's to begin with.
    IF NOT pg_has_role('steward_owner', (SELECT nspowner FROM pg_namespace WHERE nspname = 'public'), 'USAGE') THEN
        IF pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'public'), 'USAGE') THEN
            ALTER SCHEMA public OWNER TO steward_owner;
        ELSE
            RAISE WARNING 'Schema public belongs to %. Anybody may create things in it until a superuser runs: %',
                (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'),
                'ALTER SCHEMA public OWNER TO steward_owner; and then this file again.';
        END IF;
    END IF;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC, steward_app;
    GRANT USAGE ON SCHEMA public TO steward_app;

    -- The sequences of serial columns go with their tables.
    FOR mine IN
        SELECT format('TABLE %s', oid::regclass) AS object FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner <> 'steward_owner'::regrole
          AND relname IN ('departments', 'users', 'user_audit_log', 'user_preferences', 'headcounts', '_prisma_migrations')
        UNION ALL
        SELECT format('FUNCTION %s', oid::regprocedure) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proowner <> 'steward_owner'::regrole
          AND proname IN ('refuse_change', 'follow_users')
    LOOP
        EXECUTE format('ALTER %s OWNER TO steward_owner', mine.object);
    END LOOP;
END $$;

-- What the tools need, column by column: src/database/privileges.ts says the same, and `steward doctor` compares.
DO $$
BEGIN
    IF to_regclass('public._prisma_migrations') IS NULL OR to_regclass('public.headcounts') IS NULL THEN
        RAISE NOTICE 'Not all of the tables are there yet. Run this file again after prisma migrate deploy.';
        RETURN;
    END IF;
    SET LOCAL search_path = public, pg_temp;
    REVOKE ALL ON departments, users, user_audit_log, user_preferences, headcounts, _prisma_migrations
        FROM PUBLIC, steward_app;
    REVOKE ALL ON SEQUENCE departments_id_seq, users_id_seq, user_audit_log_id_seq FROM PUBLIC, steward_app;
    REVOKE ALL ON FUNCTION follow_users() FROM PUBLIC, steward_app;

    GRANT SELECT ON departments, users, user_audit_log, user_preferences, headcounts, _prisma_migrations TO steward_app;

    GRANT INSERT (name, created_at) ON departments TO steward_app;
    GRANT INSERT (username, email, department_id, role, active, created_at, updated_at) ON users TO steward_app;
    GRANT INSERT (user_id, field_changed, old_value, new_value, actor, tool, request_id) ON user_audit_log TO steward_app;
    GRANT INSERT (user_id, preferences, updated_at) ON user_preferences TO steward_app;

    GRANT UPDATE (department_id, role, active, updated_at) ON users TO steward_app;
    GRANT UPDATE (preferences, updated_at) ON user_preferences TO steward_app;

    GRANT USAGE ON SEQUENCE departments_id_seq, users_id_seq, user_audit_log_id_seq TO steward_app;
END $$;
