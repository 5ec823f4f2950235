-- CreateTable
CREATE TABLE "ref_cache" (
    "account_id" VARCHAR(64) NOT NULL,
    "url_hash" CHAR(64) NOT NULL,
    "ref" VARCHAR(300) NOT NULL,
    "commit" VARCHAR(64) NOT NULL,
    "read_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ref_cache_pkey" PRIMARY KEY ("account_id","url_hash","ref")
);

-- CreateIndex
CREATE INDEX "ref_cache_read_at_idx" ON "ref_cache"("read_at");
