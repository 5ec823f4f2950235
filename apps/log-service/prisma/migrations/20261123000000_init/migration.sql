-- CreateTable
CREATE TABLE "stream" (
    "account_id" VARCHAR(64) NOT NULL,
    "key" VARCHAR(400) NOT NULL,
    "org_identifier" VARCHAR(128),
    "project_identifier" VARCHAR(128),
    "acked_seq" BIGINT NOT NULL DEFAULT 0,
    "raw_bytes" BIGINT NOT NULL DEFAULT 0,
    "closed_seq" BIGINT,
    "closed_at" TIMESTAMPTZ(3),
    "writable_until" TIMESTAMPTZ(3) NOT NULL,
    "blob_name" VARCHAR(512),
    "stored_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stream_pkey" PRIMARY KEY ("account_id","key")
);

-- CreateTable
CREATE TABLE "chunk" (
    "account_id" VARCHAR(64) NOT NULL,
    "key" VARCHAR(400) NOT NULL,
    "first_seq" BIGINT NOT NULL,
    "last_seq" BIGINT NOT NULL,
    "raw_offset" BIGINT NOT NULL,
    "raw_size" INTEGER NOT NULL,
    "lines" BYTEA NOT NULL,

    CONSTRAINT "chunk_pkey" PRIMARY KEY ("account_id","key","first_seq")
);

-- CreateTable
CREATE TABLE "blob_block" (
    "account_id" VARCHAR(64) NOT NULL,
    "key" VARCHAR(400) NOT NULL,
    "first_seq" BIGINT NOT NULL,
    "last_seq" BIGINT NOT NULL,
    "raw_offset" BIGINT NOT NULL,
    "raw_size" INTEGER NOT NULL,
    "blob_offset" BIGINT NOT NULL,
    "blob_size" INTEGER NOT NULL,

    CONSTRAINT "blob_block_pkey" PRIMARY KEY ("account_id","key","first_seq")
);

-- CreateIndex
CREATE INDEX "stream_account_id_created_at_idx" ON "stream"("account_id", "created_at");

-- AddForeignKey
ALTER TABLE "chunk" ADD CONSTRAINT "chunk_account_id_key_fkey" FOREIGN KEY ("account_id", "key") REFERENCES "stream"("account_id", "key") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blob_block" ADD CONSTRAINT "blob_block_account_id_key_fkey" FOREIGN KEY ("account_id", "key") REFERENCES "stream"("account_id", "key") ON DELETE CASCADE ON UPDATE CASCADE;

-- Batches are gzip already: trying to compress them again costs time and saves nothing.
ALTER TABLE "chunk" ALTER COLUMN "lines" SET STORAGE EXTERNAL;

-- What the periodic tasks look for; both stay small.
CREATE INDEX "stream_open_idx" ON "stream"("writable_until") WHERE "closed_seq" IS NULL;
CREATE INDEX "stream_unstored_idx" ON "stream"("closed_at") WHERE "closed_seq" IS NOT NULL AND "stored_at" IS NULL;

ALTER TABLE "stream" ADD CONSTRAINT "stream_closed_at_its_end" CHECK ("closed_seq" IS NULL OR "closed_seq" = "acked_seq");
ALTER TABLE "chunk" ADD CONSTRAINT "chunk_in_order" CHECK ("first_seq" >= 1 AND "last_seq" >= "first_seq");
