-- A session with session_replication_role = replica skips ordinary triggers. The audit log stays append-only there, too.
ALTER TABLE "user_audit_log" ENABLE ALWAYS TRIGGER "user_audit_log_append_only";
