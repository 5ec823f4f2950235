

-- CreateTable
CREATE TABLE "delegates" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "tags" TEXT[],
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "state" VARCHAR(32) NOT NULL,
    "token_id" VARCHAR(64) NOT NULL,
    "identity_key" VARCHAR(64) NOT NULL,
    "sealing_key" VARCHAR(64) NOT NULL,
    "version" VARCHAR(64) NOT NULL,
    "capabilities" TEXT[],
    "capacity" INTEGER NOT NULL DEFAULT 0,
    "connected" BOOLEAN NOT NULL DEFAULT false,
    "draining" BOOLEAN NOT NULL DEFAULT false,
    "connection_id" VARCHAR(64),
    "replica_id" VARCHAR(64),
    "last_heartbeat_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "delegates_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "task" (
    "account_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "attempt_id" VARCHAR(128) NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "submission" JSONB NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "offer_id" VARCHAR(64),
    "delegate_id" VARCHAR(64),
    "journal_id" VARCHAR(64),
    "queued_until" TIMESTAMPTZ(3) NOT NULL,
    "offered_at" TIMESTAMPTZ(3),
    "granted_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "cancel_reason" TEXT,
    "closed_as" VARCHAR(16),
    "closed_at" TIMESTAMPTZ(3),
    "rejections" JSONB NOT NULL DEFAULT '{}',
    "waiting_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_pkey" PRIMARY KEY ("account_id","id")
);

-- CreateTable
CREATE TABLE "task_output" (
    "account_id" VARCHAR(64) NOT NULL,
    "output_id" VARCHAR(64) NOT NULL,
    "chunk_index" INTEGER NOT NULL,
    "task_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(32) NOT NULL,
    "bytes" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "task_output_pkey" PRIMARY KEY ("account_id","output_id","chunk_index")
);

-- CreateIndex
CREATE UNIQUE INDEX "delegates_account_id_identity_key_key" ON "delegates"("account_id", "identity_key");

-- CreateIndex
CREATE INDEX "task_account_id_delegate_id_state_idx" ON "task"("account_id", "delegate_id", "state");

-- CreateIndex
CREATE UNIQUE INDEX "task_account_id_attempt_id_kind_key" ON "task"("account_id", "attempt_id", "kind");

-- What the periodic look asks for, over the few tasks that are not closed.
CREATE INDEX "task_open" ON "task" ("state", "created_at") WHERE "closed_at" IS NULL;
CREATE INDEX "delegates_connected" ON "delegates" ("connection_id") WHERE "connected";
