-- The roles of Steward's database, and all their rights:
--
--   steward_owner  owns the database and its tables; for `prisma migrate deploy`, `steward db backup` and `restore`
--   steward_app    the role of Steward itself: reads, inserts, and updates only the columns that its tools change
--
-- An administrator (a superuser, or the database's owner with CREATEROLE and CREATEDB) runs this file before the first
-- `prisma migrate deploy`. The operator runs it again after each deployment, because only existing objects can be granted.
--
--   psql -d staff -f prisma/roles.sql        then, in psql: \password steward_owner  and  \password steward_app
--   DATABASE_URL=postgresql://steward_owner:…@…/staff npx prisma migrate deploy
--   DATABASE_URL=postgresql://steward_owner:…@…/staff npx prisma db execute --file prisma/roles.sql
--
-- The file can run at any time and any number of times, also on a database that was migrated without it. It makes
-- steward_owner the owner of the tables, and revokes all other grants of steward_app on them.

-- Without a password, a role cannot log in if the server requires one.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['steward_owner', 'steward_app'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- Roles belong to the whole server: a run for another database has just created it.
        END;
    END LOOP;
    -- To change an owner, the current user must be a member of the new owner and have its rights. A superuser always is.
    -- From PostgreSQL 16 on, the creator of a role is a member that may neither become it nor use its rights.
    IF current_setting('server_version_num')::int < 160000 THEN
        IF NOT pg_has_role('steward_owner', 'USAGE') THEN
            EXECUTE format('GRANT steward_owner TO %I', current_user);
        END IF;
    ELSIF NOT (pg_has_role('steward_owner', 'SET') AND pg_has_role('steward_owner', 'USAGE')) THEN
        EXECUTE format('GRANT steward_owner TO %I WITH SET TRUE, INHERIT TRUE', current_user);
    END IF;
END $$;

-- steward_app may already exist, with rights from others. A right that the current user may not revoke raises a warning.
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
        -- From PostgreSQL 16 on, each grantor has a separate grant.
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
    -- With session_replication_role, for one, it could pass triggers by. The catalogue of such grants is new in 15.
    IF current_setting('server_version_num')::int >= 150000 THEN
        FOR given IN EXECUTE $query$
            SELECT format('REVOKE ALL ON PARAMETER %s FROM PUBLIC, steward_app', parname) FROM pg_parameter_acl
            WHERE has_parameter_privilege('steward_app', parname, 'SET')
               OR has_parameter_privilege('steward_app', parname, 'ALTER SYSTEM')
        $query$
        LOOP
            BEGIN
                EXECUTE given;
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE WARNING 'Not permitted to %: let a superuser run: %', current_user, given;
            END;
        END LOOP;
    END IF;
END $$;

-- The owner may create all objects of the migrations: tables, and the trusted extensions citext and pg_trgm.
DO $$
DECLARE
    mine record;
BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO steward_owner', current_database());
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, steward_app', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO steward_app', current_database());
    -- From PostgreSQL 15 on, the schema belongs to the database owner by default.
    IF NOT pg_has_role('steward_owner', (SELECT nspowner FROM pg_namespace WHERE nspname = 'public'), 'USAGE') THEN
        IF pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'public'), 'USAGE') THEN
            ALTER SCHEMA public OWNER TO steward_owner;
        ELSE
            RAISE WARNING 'Schema public belongs to %. Any role may create objects in it until a superuser runs: %',
                (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'),
                'ALTER SCHEMA public OWNER TO steward_owner; and then this file again.';
        END IF;
    END IF;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC, steward_app;
    GRANT USAGE ON SCHEMA public TO steward_app;

    -- Where extensions have a schema of their own, their types and operators are of no use without the right to it.
    FOR mine IN
        SELECT DISTINCT extnamespace::regnamespace AS schema FROM pg_extension
        WHERE extname IN ('citext', 'pg_trgm') AND extnamespace <> 'public'::regnamespace
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %s TO steward_owner, steward_app', mine.schema);
    END LOOP;

    -- The sequences of serial columns change owner with their tables.
    FOR mine IN
        SELECT format('TABLE %s', oid::regclass) AS object FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relowner <> 'steward_owner'::regrole
          AND relname IN (
            -- generated: tables
            '_prisma_migrations', 'departments', 'headcounts', 'used_answers', 'user_audit_log', 'user_preferences', 'users'
            -- /generated
          )
        UNION ALL
        SELECT format('FUNCTION %s', oid::regprocedure) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proowner <> 'steward_owner'::regrole
          AND proname IN ('refuse_change', 'follow_users', 'forget_used_answers')
    LOOP
        EXECUTE format('ALTER %s OWNER TO steward_owner', mine.object);
    END LOOP;
END $$;

-- The rights that the tools need, column by column. Each tool names its own in src/directory/tools, and `npm run docs` writes
-- them here. `steward doctor` compares.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(ARRAY[
            -- generated: tables
            '_prisma_migrations', 'departments', 'headcounts', 'used_answers', 'user_audit_log', 'user_preferences', 'users'
            -- /generated
        ]) AS name WHERE to_regclass('public.' || name) IS NULL
    ) THEN
        RAISE NOTICE 'Not all of the tables are there yet. Run this file again after prisma migrate deploy.';
        RETURN;
    END IF;
    SET LOCAL search_path = public, pg_temp;
    REVOKE ALL ON FUNCTION follow_users(), forget_used_answers() FROM PUBLIC, steward_app;

    -- generated: rights
    REVOKE ALL ON _prisma_migrations, departments, headcounts, used_answers, user_audit_log, user_preferences, users FROM PUBLIC, steward_app;
    REVOKE ALL ON SEQUENCE departments_id_seq, user_audit_log_id_seq, users_id_seq FROM PUBLIC, steward_app;
    GRANT SELECT ON _prisma_migrations, departments, headcounts, used_answers, user_audit_log, user_preferences, users TO steward_app;
    GRANT INSERT (name, created_at) ON departments TO steward_app;
    GRANT INSERT (id) ON used_answers TO steward_app;
    GRANT INSERT (user_id, field_changed, old_value, new_value, actor, tool, request_id) ON user_audit_log TO steward_app;
    GRANT INSERT (user_id, preferences, updated_at) ON user_preferences TO steward_app;
    GRANT UPDATE (preferences, updated_at) ON user_preferences TO steward_app;
    GRANT INSERT (username, email, department_id, role, active, created_at, updated_at) ON users TO steward_app;
    GRANT UPDATE (updated_at, department_id, active, role) ON users TO steward_app;
    GRANT USAGE ON SEQUENCE departments_id_seq, user_audit_log_id_seq, users_id_seq TO steward_app;
    -- /generated
END $$;
