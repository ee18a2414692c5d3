-- citext: unique and equal whatever the case. pg_trgm: free-text search by index.
-- Both are trusted extensions: the owner of the database may create them.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- CreateTable
CREATE TABLE "departments" (
    "id" SERIAL NOT NULL,
    "name" CITEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "departments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "username" CITEXT NOT NULL,
    "email" CITEXT NOT NULL,
    "department_id" INTEGER NOT NULL DEFAULT 1,
    "role" CITEXT NOT NULL DEFAULT 'User',
    "active" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "search_text" TEXT NOT NULL GENERATED ALWAYS AS (lower("username"::text || ' ' || "email"::text)) STORED,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_audit_log" (
    "id" BIGSERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "field_changed" TEXT NOT NULL,
    "old_value" TEXT,
    "new_value" TEXT,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "actor" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "user_audit_log_pkey" PRIMARY KEY ("user_id","id")
);

-- CreateTable
CREATE TABLE "user_preferences" (
    "user_id" INTEGER NOT NULL,
    "preferences" JSONB NOT NULL DEFAULT '{}',
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_preferences_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "headcounts" (
    "department_id" INTEGER NOT NULL,
    "role" CITEXT NOT NULL,
    "active" BOOLEAN NOT NULL,
    "users" INTEGER NOT NULL,

    CONSTRAINT "headcounts_pkey" PRIMARY KEY ("department_id","role","active")
);

-- CreateIndex
CREATE UNIQUE INDEX "departments_name_key" ON "departments"("name");

-- CreateIndex
CREATE UNIQUE INDEX "users_username_key" ON "users"("username");

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "users_created_at_id_idx" ON "users"("created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "users_active_created_at_id_department_id_role_search_text_idx" ON "users"("active", "created_at" DESC, "id" DESC, "department_id", "role", "search_text");

-- CreateIndex
CREATE INDEX "users_department_id_active_created_at_id_idx" ON "users"("department_id", "active", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "users_role_active_created_at_id_idx" ON "users"("role", "active", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "users_department_id_role_active_created_at_id_idx" ON "users"("department_id", "role", "active", "created_at" DESC, "id" DESC);

-- CreateIndex. Without fastupdate no insert has to tidy up after thousands of others, nor a search to read what they left.
CREATE INDEX "users_search_text_idx" ON "users" USING GIN ("search_text" gin_trgm_ops) WITH (fastupdate = off);

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "departments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_audit_log" ADD CONSTRAINT "user_audit_log_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_preferences" ADD CONSTRAINT "user_preferences_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "headcounts" ADD CONSTRAINT "headcounts_department_id_fkey" FOREIGN KEY ("department_id") REFERENCES "departments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The department of whoever is given none; users.department_id defaults to its id.
INSERT INTO "departments" ("name") VALUES ('General');

-- The audit log is append-only, whoever asks.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER user_audit_log_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON "user_audit_log"
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Headcounts follow users within the same statement and transaction. A statement's changes are summed first, so a
-- bulk load costs one row a group; rows are taken in key order, so two writers cannot lock each other out.
CREATE FUNCTION follow_users() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes "headcounts"[];
BEGIN
    IF TG_OP <> 'DELETE' THEN
        changes := ARRAY(
            SELECT ROW("department_id", "role", "active", count(*))::"headcounts"
            FROM "users_after" GROUP BY "department_id", "role", "active");
    END IF;
    IF TG_OP <> 'INSERT' THEN
        changes := changes || ARRAY(
            SELECT ROW("department_id", "role", "active", -count(*))::"headcounts"
            FROM "users_before" GROUP BY "department_id", "role", "active");
    END IF;
    INSERT INTO "headcounts" AS held ("department_id", "role", "active", "users")
    SELECT change."department_id", change."role", change."active", sum(change."users")
    FROM unnest(changes) AS change
    GROUP BY 1, 2, 3
    HAVING sum(change."users") <> 0
    ORDER BY 1, 2, 3
    ON CONFLICT ("department_id", "role", "active") DO UPDATE SET "users" = held."users" + EXCLUDED."users";
    RETURN NULL;
END $$;

CREATE TRIGGER users_counted_on_insert AFTER INSERT ON "users"
    REFERENCING NEW TABLE AS "users_after"
    FOR EACH STATEMENT EXECUTE FUNCTION follow_users();

CREATE TRIGGER users_counted_on_update AFTER UPDATE ON "users"
    REFERENCING OLD TABLE AS "users_before" NEW TABLE AS "users_after"
    FOR EACH STATEMENT EXECUTE FUNCTION follow_users();

CREATE TRIGGER users_counted_on_delete AFTER DELETE ON "users"
    REFERENCING OLD TABLE AS "users_before"
    FOR EACH STATEMENT EXECUTE FUNCTION follow_users();
