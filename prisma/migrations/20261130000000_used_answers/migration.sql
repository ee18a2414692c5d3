-- CreateTable
CREATE TABLE "used_answers" (
    "id" UUID NOT NULL,
    "used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "used_answers_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "used_answers_used_at_idx" ON "used_answers"("used_at");

-- An answer is taken for some minutes, so after an hour it is refused whether its row is there or not. Each use deletes
-- some of those rows, with the rights of the owner: the role that writes answers needs no right to delete any, and cannot
-- make a used one good again. Rows that another transaction is deleting are left to it. For the names see follow_users.
CREATE FUNCTION forget_used_answers() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM public."used_answers" WHERE "id" OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT "id" FROM public."used_answers"
        WHERE "used_at" OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '1 hour'::pg_catalog.interval)
        ORDER BY "used_at" LIMIT 100 FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;

-- Needed to make a trigger of it, not to set one off.
REVOKE EXECUTE ON FUNCTION forget_used_answers() FROM PUBLIC;

CREATE TRIGGER used_answers_forgotten AFTER INSERT ON "used_answers"
    FOR EACH STATEMENT EXECUTE FUNCTION forget_used_answers();
