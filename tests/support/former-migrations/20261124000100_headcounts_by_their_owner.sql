-- The trigger counts with the rights of its owner, so whoever may write users needs no right to write headcounts, and
-- cannot falsify a total. Whatever it names is named with its schema: a function or an operator found by its name alone
-- may be another's, however the search path is set, if its arguments fit better. What GROUP BY, ORDER BY and ON CONFLICT
-- compare with is found by type.
CREATE OR REPLACE FUNCTION follow_users() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changes public."headcounts"[];
BEGIN
    -- On another table it would count whatever that table's owner makes up.
    IF TG_RELID OPERATOR(pg_catalog.<>) 'public.users'::pg_catalog.regclass THEN
        RAISE EXCEPTION 'follow_users counts the rows of public.users alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP OPERATOR(pg_catalog.<>) 'DELETE' THEN
        changes := ARRAY(
            SELECT ROW("department_id", "role", "active", pg_catalog.count(*))::public."headcounts"
            FROM "users_after" GROUP BY "department_id", "role", "active");
    END IF;
    IF TG_OP OPERATOR(pg_catalog.<>) 'INSERT' THEN
        changes := changes OPERATOR(pg_catalog.||) ARRAY(
            SELECT ROW("department_id", "role", "active", OPERATOR(pg_catalog.-) pg_catalog.count(*))::public."headcounts"
            FROM "users_before" GROUP BY "department_id", "role", "active");
    END IF;
    INSERT INTO public."headcounts" AS held ("department_id", "role", "active", "users")
    SELECT change."department_id", change."role", change."active", pg_catalog.sum(change."users")
    FROM pg_catalog.unnest(changes) AS change
    GROUP BY 1, 2, 3
    HAVING pg_catalog.sum(change."users") OPERATOR(pg_catalog.<>) 0
    ORDER BY 1, 2, 3
    ON CONFLICT ("department_id", "role", "active")
        DO UPDATE SET "users" = held."users" OPERATOR(pg_catalog.+) EXCLUDED."users";
    RETURN NULL;
END $$;

-- Asked of whoever makes a trigger of it, not of whoever sets one off.
REVOKE EXECUTE ON FUNCTION follow_users() FROM PUBLIC;
