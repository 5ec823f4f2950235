-- What an instance's list shows without counting its changesets.
ALTER TABLE "db_instance" ADD COLUMN "state_counts" JSONB;
ALTER TABLE "db_instance" ADD COLUMN "seen_commit" VARCHAR(64);
ALTER TABLE "db_instance" ADD COLUMN "last_failure" JSONB;

ALTER TABLE "changeset_state" ADD COLUMN "stored_checksum" VARCHAR(64);
ALTER TABLE "changeset_state" ADD COLUMN "text_hash" CHAR(64);

-- CreateTable
CREATE TABLE "schema_changeset" (
    "account_id" VARCHAR(64) NOT NULL,
    "schema_id" VARCHAR(64) NOT NULL,
    "changeset_key" CHAR(64) NOT NULL,
    "changeset_id" VARCHAR(255) NOT NULL,
    "author" VARCHAR(255) NOT NULL,
    "path" VARCHAR(1024) NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "schema_changeset_pkey" PRIMARY KEY ("account_id","schema_id","changeset_key")
);

-- CreateTable
CREATE TABLE "changeset_text" (
    "account_id" VARCHAR(64) NOT NULL,
    "schema_id" VARCHAR(64) NOT NULL,
    "hash" CHAR(64) NOT NULL,
    "document" JSONB NOT NULL,
    "used_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "changeset_text_pkey" PRIMARY KEY ("account_id","schema_id","hash")
);

-- CreateIndex
CREATE INDEX "changeset_state_account_id_instance_id_state_changeset_key_idx" ON "changeset_state"("account_id", "instance_id", "state", "changeset_key");

-- CreateIndex
CREATE INDEX "changeset_state_account_id_text_hash_idx" ON "changeset_state"("account_id", "text_hash");

-- CreateIndex
CREATE INDEX "schema_changeset_order_idx" ON "schema_changeset"("account_id", "schema_id", "position", "changeset_key");

-- AddForeignKey
ALTER TABLE "schema_changeset" ADD CONSTRAINT "schema_changeset_account_id_schema_id_fkey" FOREIGN KEY ("account_id", "schema_id") REFERENCES "db_schema"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "changeset_text" ADD CONSTRAINT "changeset_text_account_id_schema_id_fkey" FOREIGN KEY ("account_id", "schema_id") REFERENCES "db_schema"("account_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was reported before this version.
INSERT INTO "schema_changeset" ("account_id", "schema_id", "changeset_key", "changeset_id", "author", "path", "position")
SELECT s."account_id", i."schema_id", s."changeset_key", min(s."changeset_id"), min(s."author"), min(s."path"), min(s."position")
  FROM "changeset_state" s
  JOIN "db_instance" i ON i."account_id" = s."account_id" AND i."id" = s."instance_id"
 GROUP BY s."account_id", i."schema_id", s."changeset_key";

UPDATE "db_instance" i
   SET "state_counts" = c."counts"
  FROM (SELECT "account_id", "instance_id", jsonb_object_agg("state", "count") AS "counts"
          FROM (SELECT "account_id", "instance_id", "state", count(*) AS "count"
                  FROM "changeset_state" GROUP BY 1, 2, 3) AS "states"
         GROUP BY 1, 2) AS c
 WHERE c."account_id" = i."account_id" AND c."instance_id" = i."id";
