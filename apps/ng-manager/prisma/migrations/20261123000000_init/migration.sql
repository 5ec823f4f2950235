-- CreateTable
CREATE TABLE "request" (
    "account_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "task_id" VARCHAR(64) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "request_pkey" PRIMARY KEY ("account_id","attempt_id","kind")
);

-- CreateTable
CREATE TABLE "step_context" (
    "account_id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "schema_id" VARCHAR(64) NOT NULL,
    "instance_id" VARCHAR(64) NOT NULL,
    "operation" VARCHAR(16) NOT NULL,
    "step" JSONB NOT NULL,
    "source" TEXT NOT NULL,
    "reported_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "step_context_pkey" PRIMARY KEY ("account_id","attempt_id","kind")
);

-- CreateTable
CREATE TABLE "pinned_commit" (
    "account_id" VARCHAR(64) NOT NULL,
    "execution_id" VARCHAR(64) NOT NULL,
    "instance_id" VARCHAR(64) NOT NULL,
    "source" TEXT NOT NULL,
    "commit" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pinned_commit_pkey" PRIMARY KEY ("account_id","execution_id","instance_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "request_account_id_task_id_key" ON "request"("account_id", "task_id");

-- CreateIndex
CREATE INDEX "step_context_account_id_execution_id_instance_id_idx" ON "step_context"("account_id", "execution_id", "instance_id");

-- AddForeignKey
ALTER TABLE "step_context" ADD CONSTRAINT "step_context_account_id_attempt_id_kind_fkey" FOREIGN KEY ("account_id", "attempt_id", "kind") REFERENCES "request"("account_id", "attempt_id", "kind") ON DELETE CASCADE ON UPDATE CASCADE;
