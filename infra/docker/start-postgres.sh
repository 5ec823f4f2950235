#!/bin/bash
# Hands the superuser's password over from the file that the one-shot job wrote; only a new cluster asks for it.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  POSTGRES_PASSWORD=$(cat /sluice/secret/password)
  export POSTGRES_PASSWORD
fi
exec docker-entrypoint.sh "$@"
