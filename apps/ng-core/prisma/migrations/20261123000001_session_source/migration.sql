-- Where a session was opened from, for its owner to recognise it.
ALTER TABLE "session" ADD COLUMN "address" VARCHAR(64), ADD COLUMN "user_agent" VARCHAR(256);

-- Wrong sign-ins for addresses that belong to nobody: they lock like a user, so that a lock tells nobody who exists.
CREATE TABLE "unknown_login" (
    "account_id" VARCHAR(64) NOT NULL,
    "email_hash" VARCHAR(64) NOT NULL,
    "failed_logins" INTEGER NOT NULL DEFAULT 1,
    "locked_until" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "unknown_login_pkey" PRIMARY KEY ("account_id","email_hash")
);

-- CreateIndex
CREATE INDEX "unknown_login_updated_at_idx" ON "unknown_login"("updated_at");
