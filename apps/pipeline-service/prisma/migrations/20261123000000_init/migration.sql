

-- CreateTable
CREATE TABLE "pipeline" (
    "account_id" VARCHAR(64) NOT NULL,
    "org_identifier" VARCHAR(128) NOT NULL,
    "project_identifier" VARCHAR(128) NOT NULL,
    "identifier" VARCHAR(128) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" TEXT,
    "tags" JSONB NOT NULL,
    "yaml" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "run_sequence" INTEGER NOT NULL DEFAULT 0,
    "last_editor" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pipeline_pkey" PRIMARY KEY ("account_id","org_identifier","project_identifier","identifier")
);

-- CreateTable
CREATE TABLE "execution" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "org_identifier" VARCHAR(128) NOT NULL,
    "project_identifier" VARCHAR(128) NOT NULL,
    "pipeline_identifier" VARCHAR(128) NOT NULL,
    "pipeline_name" VARCHAR(128) NOT NULL,
    "run_sequence" INTEGER NOT NULL,
    "yaml" TEXT NOT NULL,
    "inputs" TEXT,
    "plan" JSONB NOT NULL,
    "principal" JSONB NOT NULL,
    "status" VARCHAR(32) NOT NULL,
    "failure_message" TEXT,
    "traceparent" VARCHAR(64),
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "unsettled" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "execution_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "node_execution" (
    "account_id" VARCHAR(64) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "plan_node_id" VARCHAR(512) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "status" VARCHAR(32) NOT NULL,
    "version" INTEGER NOT NULL,
    "record" JSONB NOT NULL,

    CONSTRAINT "node_execution_pkey" PRIMARY KEY ("account_id","execution_id","plan_node_id")
);

-- CreateTable
CREATE TABLE "node_transition" (
    "account_id" VARCHAR(64) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "node_id" VARCHAR(64) NOT NULL,
    "plan_node_id" VARCHAR(512) NOT NULL,
    "from_status" VARCHAR(32),
    "to_status" VARCHAR(32) NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "node_transition_pkey" PRIMARY KEY ("account_id","execution_id","seq")
);

-- CreateTable
CREATE TABLE "step_report" (
    "account_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,

    CONSTRAINT "step_report_pkey" PRIMARY KEY ("account_id","attempt_id")
);

-- CreateIndex
CREATE INDEX "execution_account_id_org_identifier_project_identifier_star_idx" ON "execution"("account_id", "org_identifier", "project_identifier", "started_at" DESC);

-- CreateIndex
CREATE INDEX "execution_account_id_org_identifier_project_identifier_pipe_idx" ON "execution"("account_id", "org_identifier", "project_identifier", "pipeline_identifier", "started_at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "node_execution_account_id_id_key" ON "node_execution"("account_id", "id");

-- CreateIndex
CREATE INDEX "step_report_account_id_execution_id_idx" ON "step_report"("account_id", "execution_id");

-- The reconciler's two questions, over the few executions that are not final.
CREATE INDEX "execution_due" ON "execution" ("due_at") WHERE "ended_at" IS NULL;
CREATE INDEX "execution_unsettled" ON "execution" ("account_id", "id") WHERE "unsettled";
CREATE INDEX "step_report_unsent" ON "step_report" ("created_at") WHERE "sent_at" IS NULL;
