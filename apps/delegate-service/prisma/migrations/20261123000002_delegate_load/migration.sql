-- Read grant (packages/contracts/src/crossings.ts): how many tasks each delegate has, and nothing about them.
CREATE VIEW "delegate_load" AS
  SELECT "account_id", "delegate_id", count(*)::int AS "running_tasks"
    FROM "task"
   WHERE "closed_at" IS NULL AND "state" IN ('granted', 'running') AND "delegate_id" IS NOT NULL
   GROUP BY "account_id", "delegate_id";
