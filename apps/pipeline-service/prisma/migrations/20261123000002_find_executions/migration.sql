-- Lists of executions by status and by who started them, also of a project with very many.
ALTER TABLE "execution" ADD COLUMN "triggered_by_id" VARCHAR(64);
UPDATE "execution" SET "triggered_by_id" = "principal"->>'id';
ALTER TABLE "execution" ALTER COLUMN "triggered_by_id" SET NOT NULL;

-- The order of a list is by time, then by id: with both in the index a page is read without sorting.
DROP INDEX "execution_account_id_org_identifier_project_identifier_star_idx";
DROP INDEX "execution_account_id_org_identifier_project_identifier_pipe_idx";
CREATE INDEX "execution_of_project" ON "execution"("account_id", "org_identifier", "project_identifier", "started_at" DESC, "id" DESC);
CREATE INDEX "execution_of_pipeline" ON "execution"("account_id", "org_identifier", "project_identifier", "pipeline_identifier", "started_at" DESC, "id" DESC);
CREATE INDEX "execution_by_status" ON "execution"("account_id", "org_identifier", "project_identifier", "status", "started_at" DESC);
CREATE INDEX "execution_by_person" ON "execution"("account_id", "org_identifier", "project_identifier", "triggered_by_id", "started_at" DESC);
CREATE INDEX "execution_by_number" ON "execution"("account_id", "org_identifier", "project_identifier", "run_sequence");
