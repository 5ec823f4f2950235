#!/bin/bash
# install.sh <app>: what the app needs to run, in /out/<app>: npm packages without development dependencies.
set -euo pipefail
app=$1
mkdir -p "/out/$app"
cp -r /manifests/. "/out/$app"
cd "/out/$app"
node /docker/without-dev.mjs
npm ci --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error -w "apps/$app"
# Nothing reads these while Sluice runs.
find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete
# Prisma ships a compiler for every database that it knows; Sluice's own is Postgres.
rm -f node_modules/@prisma/client/runtime/*.{sqlserver,cockroachdb,mysql,sqlite}.*
