-- Load and leases of a delegate, over the few tasks that are not closed.
CREATE INDEX "task_open_of_delegate" ON "task" ("account_id", "delegate_id") WHERE "closed_at" IS NULL;
CREATE INDEX "task_open_of_account" ON "task" ("account_id", "created_at") WHERE "closed_at" IS NULL;

-- What the housekeeping asks for.
CREATE INDEX "task_closed" ON "task" ("closed_at") WHERE "closed_at" IS NOT NULL;
CREATE INDEX "task_output_created" ON "task_output" ("created_at");
