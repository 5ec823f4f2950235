-- CreateTable
CREATE TABLE "direct_request" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "schema_identifier" VARCHAR(128),
    "instance_identifier" VARCHAR(128),
    "schema_id" VARCHAR(64),
    "instance_id" VARCHAR(64),
    "principal" JSONB NOT NULL,
    "status" VARCHAR(16) NOT NULL,
    "delegate_name" VARCHAR(256),
    "waiting_for" TEXT,
    "result" JSONB,
    "error" JSONB,
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "direct_request_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateIndex
CREATE INDEX "direct_request_account_id_instance_id_status_idx" ON "direct_request"("account_id", "instance_id", "status");

-- CreateIndex
CREATE INDEX "direct_request_status_deadline_idx" ON "direct_request"("status", "deadline");
