-- CreateTable
CREATE TABLE "db_schema" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "org_identifier" VARCHAR(128) NOT NULL,
    "project_identifier" VARCHAR(128) NOT NULL,
    "identifier" VARCHAR(128) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "tags" JSONB NOT NULL,
    "type" VARCHAR(32) NOT NULL,
    "migration_type" VARCHAR(32) NOT NULL,
    "changelog" JSONB NOT NULL,
    "service" VARCHAR(260),
    "primary_instance" VARCHAR(128),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "db_schema_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "db_instance" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "schema_id" VARCHAR(64) NOT NULL,
    "identifier" VARCHAR(128) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "tags" JSONB NOT NULL,
    "connector" VARCHAR(260) NOT NULL,
    "branch" VARCHAR(255),
    "git_tag" VARCHAR(255),
    "commit_sha" VARCHAR(64),
    "context" VARCHAR(1024),
    "labels" VARCHAR(1024),
    "properties" JSONB NOT NULL,
    "database_name" VARCHAR(256),
    "default_schema" VARCHAR(256),
    "last_applied_tag" VARCHAR(255),
    "last_deployed_tag" VARCHAR(255),
    "seen_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "db_instance_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "step_report" (
    "account_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "unit" VARCHAR(16) NOT NULL,
    "instance_id" VARCHAR(64) NOT NULL,
    "step_identifier" VARCHAR(128) NOT NULL,
    "step_type" VARCHAR(64) NOT NULL,
    "pipeline" VARCHAR(128) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "node_execution_id" VARCHAR(64) NOT NULL,
    "attempt" INTEGER NOT NULL,
    "commit_sha" VARCHAR(64),
    "plan_hash" VARCHAR(128),
    "tag" VARCHAR(255),
    "outcome" VARCHAR(16) NOT NULL,
    "failure" JSONB,
    "finished_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "step_report_pkey" PRIMARY KEY ("account_id","attempt_id","unit")
);

-- CreateTable
CREATE TABLE "changeset_report" (
    "account_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "unit" VARCHAR(16) NOT NULL,
    "changeset_key" CHAR(64) NOT NULL,
    "status" VARCHAR(16) NOT NULL,
    "error" TEXT,

    CONSTRAINT "changeset_report_pkey" PRIMARY KEY ("account_id","attempt_id","unit","changeset_key")
);

-- CreateTable
CREATE TABLE "changeset_state" (
    "account_id" VARCHAR(64) NOT NULL,
    "instance_id" VARCHAR(64) NOT NULL,
    "changeset_key" CHAR(64) NOT NULL,
    "changeset_id" VARCHAR(255) NOT NULL,
    "author" VARCHAR(255) NOT NULL,
    "path" VARCHAR(1024) NOT NULL,
    "position" INTEGER NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "checksum" VARCHAR(64),
    "deployed_at" TIMESTAMPTZ(3),
    "order_executed" INTEGER,
    "tag" VARCHAR(255),
    "error" TEXT,
    "source" VARCHAR(16) NOT NULL,
    "command" VARCHAR(64) NOT NULL,
    "pipeline" VARCHAR(128) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "changeset_state_pkey" PRIMARY KEY ("account_id","instance_id","changeset_key")
);

-- CreateTable
CREATE TABLE "plan" (
    "account_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "instance_id" VARCHAR(64) NOT NULL,
    "hash" VARCHAR(128) NOT NULL,
    "commit_sha" VARCHAR(64),
    "changelog_path" VARCHAR(1024),
    "pipeline" VARCHAR(128) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "changeset_count" INTEGER NOT NULL,
    "statement_count" INTEGER NOT NULL,
    "document" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "plan_pkey" PRIMARY KEY ("account_id","attempt_id")
);

-- CreateTable
CREATE TABLE "report_piece" (
    "account_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "name" VARCHAR(32) NOT NULL,
    "index" INTEGER NOT NULL,
    "content" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "report_piece_pkey" PRIMARY KEY ("account_id","attempt_id","name","index")
);

-- CreateIndex
CREATE UNIQUE INDEX "db_schema_account_id_org_identifier_project_identifier_iden_key" ON "db_schema"("account_id", "org_identifier", "project_identifier", "identifier");

-- CreateIndex
CREATE UNIQUE INDEX "db_instance_account_id_schema_id_identifier_key" ON "db_instance"("account_id", "schema_id", "identifier");

-- CreateIndex
CREATE INDEX "step_report_account_id_instance_id_execution_id_idx" ON "step_report"("account_id", "instance_id", "execution_id");

-- CreateIndex
CREATE INDEX "plan_account_id_instance_id_hash_idx" ON "plan"("account_id", "instance_id", "hash");

-- CreateIndex
CREATE INDEX "plan_account_id_instance_id_execution_id_idx" ON "plan"("account_id", "instance_id", "execution_id");

-- AddForeignKey
ALTER TABLE "db_instance" ADD CONSTRAINT "db_instance_account_id_schema_id_fkey" FOREIGN KEY ("account_id", "schema_id") REFERENCES "db_schema"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "step_report" ADD CONSTRAINT "step_report_account_id_instance_id_fkey" FOREIGN KEY ("account_id", "instance_id") REFERENCES "db_instance"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "changeset_report" ADD CONSTRAINT "changeset_report_account_id_attempt_id_unit_fkey" FOREIGN KEY ("account_id", "attempt_id", "unit") REFERENCES "step_report"("account_id", "attempt_id", "unit") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "changeset_state" ADD CONSTRAINT "changeset_state_account_id_instance_id_fkey" FOREIGN KEY ("account_id", "instance_id") REFERENCES "db_instance"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plan" ADD CONSTRAINT "plan_account_id_instance_id_fkey" FOREIGN KEY ("account_id", "instance_id") REFERENCES "db_instance"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
