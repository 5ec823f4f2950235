-- The planner took it for every question about an account before the first statistics, and read all rows of the account.
DROP INDEX "changeset_state_account_id_text_hash_idx";
