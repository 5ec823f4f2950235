-- Who saved the YAML that ran.
ALTER TABLE "execution" ADD COLUMN "last_editor" JSONB;
