-- CreateTable
CREATE TABLE "account" (
    "id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "access_version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "feature_flag" (
    "account_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(64) NOT NULL,
    "enabled" BOOLEAN NOT NULL,

    CONSTRAINT "feature_flag_pkey" PRIMARY KEY ("account_id","name")
);

-- CreateTable
CREATE TABLE "organization" (
    "account_id" VARCHAR(64) NOT NULL,
    "identifier" VARCHAR(128) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" VARCHAR(1024) NOT NULL,
    "tags" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("account_id","identifier")
);

-- CreateTable
CREATE TABLE "project" (
    "account_id" VARCHAR(64) NOT NULL,
    "org_identifier" VARCHAR(128) NOT NULL,
    "identifier" VARCHAR(128) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" VARCHAR(1024) NOT NULL,
    "tags" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "project_pkey" PRIMARY KEY ("account_id","org_identifier","identifier")
);

-- CreateTable
CREATE TABLE "user_account" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "password_hash" VARCHAR(512) NOT NULL,
    "disabled" BOOLEAN NOT NULL DEFAULT false,
    "failed_logins" INTEGER NOT NULL DEFAULT 0,
    "locked_until" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_account_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "role_assignment" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "role" VARCHAR(16) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),

    CONSTRAINT "role_assignment_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "session" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "secret_hash" VARCHAR(64) NOT NULL,
    "previous_secret_hash" VARCHAR(64),
    "rotated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirmed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "secret_hash" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "secret" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "identifier" VARCHAR(128) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" VARCHAR(1024) NOT NULL,
    "tags" JSONB NOT NULL,
    "type" VARCHAR(32) NOT NULL,
    "connectors_only" BOOLEAN NOT NULL,
    "current_version" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secret_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "secret_version" (
    "account_id" VARCHAR(64) NOT NULL,
    "secret_id" VARCHAR(64) NOT NULL,
    "version" INTEGER NOT NULL,
    "key_id" VARCHAR(128) NOT NULL,
    "wrapped_data_key" TEXT NOT NULL,
    "iv" VARCHAR(64) NOT NULL,
    "ciphertext" TEXT NOT NULL,
    "tag" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secret_version_pkey" PRIMARY KEY ("account_id","secret_id","version")
);

-- CreateTable
CREATE TABLE "connector" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "identifier" VARCHAR(128) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" VARCHAR(1024) NOT NULL,
    "tags" JSONB NOT NULL,
    "type" VARCHAR(32) NOT NULL,
    "spec" JSONB NOT NULL,
    "status" VARCHAR(16) NOT NULL DEFAULT 'UNKNOWN',
    "tested_at" TIMESTAMPTZ(3),
    "last_connected_at" TIMESTAMPTZ(3),
    "error_summary" VARCHAR(2048),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "connector_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "connector_secret" (
    "account_id" VARCHAR(64) NOT NULL,
    "connector_id" VARCHAR(64) NOT NULL,
    "secret_id" VARCHAR(64) NOT NULL,

    CONSTRAINT "connector_secret_pkey" PRIMARY KEY ("account_id","connector_id","secret_id")
);

-- CreateTable
CREATE TABLE "connection_test" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "connector_id" VARCHAR(64) NOT NULL,
    "connector_version" INTEGER NOT NULL,
    "status" VARCHAR(16) NOT NULL DEFAULT 'RUNNING',
    "waiting_for" VARCHAR(8192),
    "delegate_name" VARCHAR(256),
    "phases" JSONB NOT NULL DEFAULT '[]',
    "error" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "connection_test_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "delegate_token" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "name" VARCHAR(64) NOT NULL,
    "public_key" VARCHAR(128) NOT NULL,
    "name_pattern" VARCHAR(128) NOT NULL,
    "allowed_tags" JSONB NOT NULL,
    "requires_approval" BOOLEAN NOT NULL DEFAULT false,
    "status" VARCHAR(16) NOT NULL DEFAULT 'ACTIVE',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "delegate_token_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "setting" (
    "account_id" VARCHAR(64) NOT NULL,
    "scope_key" VARCHAR(400) NOT NULL,
    "identifier" VARCHAR(128) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "value" JSONB NOT NULL,
    "allow_overrides" BOOLEAN NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "setting_pkey" PRIMARY KEY ("account_id","scope_key","identifier")
);

-- CreateTable
CREATE TABLE "audit_chain" (
    "account_id" VARCHAR(64) NOT NULL,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "hash" VARCHAR(64) NOT NULL DEFAULT '',

    CONSTRAINT "audit_chain_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "audit_event" (
    "account_id" VARCHAR(64) NOT NULL,
    "sequence" BIGINT NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "module" VARCHAR(64) NOT NULL,
    "action" VARCHAR(32) NOT NULL,
    "resource_type" VARCHAR(64) NOT NULL,
    "resource_identifier" VARCHAR(256) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "principal_id" VARCHAR(64) NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "event" TEXT NOT NULL,
    "previous_hash" VARCHAR(64) NOT NULL,
    "hash" VARCHAR(64) NOT NULL,
    "inserted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("account_id","sequence")
);

-- CreateIndex
CREATE INDEX "user_account_email_idx" ON "user_account"("email");

-- CreateIndex
CREATE UNIQUE INDEX "user_account_account_id_email_key" ON "user_account"("account_id", "email");

-- CreateIndex
CREATE INDEX "role_assignment_account_id_user_id_idx" ON "role_assignment"("account_id", "user_id");

-- CreateIndex
CREATE INDEX "session_account_id_user_id_idx" ON "session"("account_id", "user_id");

-- CreateIndex
CREATE INDEX "session_expires_at_idx" ON "session"("expires_at");

-- CreateIndex
CREATE INDEX "api_key_account_id_user_id_idx" ON "api_key"("account_id", "user_id");

-- CreateIndex
CREATE INDEX "connector_secret_account_id_secret_id_idx" ON "connector_secret"("account_id", "secret_id");

-- CreateIndex
CREATE INDEX "connection_test_account_id_connector_id_idx" ON "connection_test"("account_id", "connector_id");

-- CreateIndex
CREATE INDEX "audit_event_account_id_time_idx" ON "audit_event"("account_id", "time");

-- CreateIndex
CREATE INDEX "audit_event_account_id_resource_type_resource_identifier_idx" ON "audit_event"("account_id", "resource_type", "resource_identifier");

-- CreateIndex
CREATE UNIQUE INDEX "audit_event_account_id_id_key" ON "audit_event"("account_id", "id");

-- AddForeignKey
ALTER TABLE "role_assignment" ADD CONSTRAINT "role_assignment_account_id_user_id_fkey" FOREIGN KEY ("account_id", "user_id") REFERENCES "user_account"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_account_id_user_id_fkey" FOREIGN KEY ("account_id", "user_id") REFERENCES "user_account"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_account_id_user_id_fkey" FOREIGN KEY ("account_id", "user_id") REFERENCES "user_account"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_version" ADD CONSTRAINT "secret_version_account_id_secret_id_fkey" FOREIGN KEY ("account_id", "secret_id") REFERENCES "secret"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connector_secret" ADD CONSTRAINT "connector_secret_account_id_connector_id_fkey" FOREIGN KEY ("account_id", "connector_id") REFERENCES "connector"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connector_secret" ADD CONSTRAINT "connector_secret_account_id_secret_id_fkey" FOREIGN KEY ("account_id", "secret_id") REFERENCES "secret"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connection_test" ADD CONSTRAINT "connection_test_account_id_connector_id_fkey" FOREIGN KEY ("account_id", "connector_id") REFERENCES "connector"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema can't say -------------------------------------------------------------------------------------

-- Identifiers are unique in their scope; absent parts of a scope count as equal.
CREATE UNIQUE INDEX "secret_scope_identifier_key" ON "secret"("account_id", "org_identifier", "project_identifier", "identifier") NULLS NOT DISTINCT;
CREATE UNIQUE INDEX "connector_scope_identifier_key" ON "connector"("account_id", "org_identifier", "project_identifier", "identifier") NULLS NOT DISTINCT;
CREATE UNIQUE INDEX "delegate_token_scope_name_key" ON "delegate_token"("account_id", "org_identifier", "project_identifier", "name") NULLS NOT DISTINCT;
CREATE UNIQUE INDEX "role_assignment_once_key" ON "role_assignment"("account_id", "user_id", "role", "org_identifier", "project_identifier") NULLS NOT DISTINCT;
CREATE INDEX "connection_test_running" ON "connection_test"("deadline") WHERE "status" = 'RUNNING';

ALTER TABLE "feature_flag" ADD FOREIGN KEY ("account_id") REFERENCES "account"("id");
ALTER TABLE "organization" ADD FOREIGN KEY ("account_id") REFERENCES "account"("id");
ALTER TABLE "user_account" ADD FOREIGN KEY ("account_id") REFERENCES "account"("id");
ALTER TABLE "project" ADD FOREIGN KEY ("account_id", "org_identifier") REFERENCES "organization"("account_id", "identifier");

-- A scope is an account, an organisation or a project, and exists. (A foreign key with an absent part is not checked.)
ALTER TABLE "secret" ADD FOREIGN KEY ("account_id") REFERENCES "account"("id"),
  ADD FOREIGN KEY ("account_id", "org_identifier") REFERENCES "organization"("account_id", "identifier"),
  ADD FOREIGN KEY ("account_id", "org_identifier", "project_identifier") REFERENCES "project"("account_id", "org_identifier", "identifier"),
  ADD CHECK ("project_identifier" IS NULL OR "org_identifier" IS NOT NULL);
ALTER TABLE "connector" ADD FOREIGN KEY ("account_id") REFERENCES "account"("id"),
  ADD FOREIGN KEY ("account_id", "org_identifier") REFERENCES "organization"("account_id", "identifier"),
  ADD FOREIGN KEY ("account_id", "org_identifier", "project_identifier") REFERENCES "project"("account_id", "org_identifier", "identifier"),
  ADD CHECK ("project_identifier" IS NULL OR "org_identifier" IS NOT NULL);
ALTER TABLE "delegate_token" ADD FOREIGN KEY ("account_id") REFERENCES "account"("id"),
  ADD FOREIGN KEY ("account_id", "org_identifier") REFERENCES "organization"("account_id", "identifier"),
  ADD FOREIGN KEY ("account_id", "org_identifier", "project_identifier") REFERENCES "project"("account_id", "org_identifier", "identifier"),
  ADD CHECK ("project_identifier" IS NULL OR "org_identifier" IS NOT NULL),
  ADD CHECK ("status" IN ('ACTIVE', 'REVOKED'));
ALTER TABLE "role_assignment"
  ADD FOREIGN KEY ("account_id", "org_identifier") REFERENCES "organization"("account_id", "identifier"),
  ADD FOREIGN KEY ("account_id", "org_identifier", "project_identifier") REFERENCES "project"("account_id", "org_identifier", "identifier"),
  ADD CHECK ("project_identifier" IS NULL OR "org_identifier" IS NOT NULL),
  ADD CHECK ("role" IN ('admin', 'editor', 'viewer'));
ALTER TABLE "setting" ADD FOREIGN KEY ("account_id") REFERENCES "account"("id"),
  ADD FOREIGN KEY ("account_id", "org_identifier") REFERENCES "organization"("account_id", "identifier"),
  ADD FOREIGN KEY ("account_id", "org_identifier", "project_identifier") REFERENCES "project"("account_id", "org_identifier", "identifier"),
  ADD CHECK ("project_identifier" IS NULL OR "org_identifier" IS NOT NULL);

-- Audit events are appended and nothing else.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events can''t be changed or deleted';
END
$$;
CREATE TRIGGER "audit_event_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_event"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();

-- Read grants of other services (packages/contracts/src/crossings.ts) --------------------------------------------------

CREATE VIEW "access_bindings" AS
  SELECT r."account_id", 'USER'::text AS "principal_type", r."user_id" AS "principal_id", r."role", r."org_identifier", r."project_identifier"
    FROM "role_assignment" r
    JOIN "user_account" u ON u."account_id" = r."account_id" AND u."id" = r."user_id"
   WHERE NOT u."disabled";

CREATE VIEW "settings" AS
  SELECT "account_id", "org_identifier", "project_identifier", "identifier", "value", "allow_overrides" FROM "setting";

CREATE VIEW "connectors_view" AS
  SELECT "account_id", "id", "org_identifier", "project_identifier", "identifier", "name", "type", "spec", "status", "version", "updated_at"
    FROM "connector";

CREATE VIEW "secret_metadata" AS
  SELECT "account_id", "id", "org_identifier", "project_identifier", "identifier", "name", "type", 'Inline'::text AS "value_type",
         "current_version", "connectors_only", "updated_at"
    FROM "secret";

CREATE VIEW "principal_contacts" AS
  SELECT "account_id", 'USER'::text AS "principal_type", "id" AS "principal_id", "name", "email", NOT "disabled" AS "active"
    FROM "user_account";

CREATE VIEW "delegate_token_keys" AS
  SELECT "account_id", "id", "name", "org_identifier", "project_identifier", "public_key", "name_pattern", "allowed_tags",
         "requires_approval", "status", "revoked_at"
    FROM "delegate_token";

CREATE VIEW "secret_records" AS
  SELECT v."account_id", v."secret_id", v."version",
         s."account_id" || '/' || coalesce(s."org_identifier", '') || '/' || coalesce(s."project_identifier", '') AS "scope",
         v."key_id", v."wrapped_data_key", v."iv", v."ciphertext", v."tag"
    FROM "secret_version" v
    JOIN "secret" s ON s."account_id" = v."account_id" AND s."id" = v."secret_id";
