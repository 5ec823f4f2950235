#!/bin/bash
# copy-sources.sh <app>: the source of the app and of the workspaces that npm linked for it, from /src to /out/<app>.
set -euo pipefail
app=$1
cd "/out/$app"
rm -rf e2e bench package-lock.json .npmrc
# What npm put beside a workspace stays: there it found no place at the top.
find apps packages -name node_modules -prune -o -name package.json -exec rm {} +
for link in node_modules/@sluice/*; do
  folder=$(readlink -m "$link")
  folder=${folder#"$PWD/"}
  mkdir -p "$folder"
  cp "/src/$folder/package.json" "$folder"
  cp -r "/src/$folder/src" "$folder"
  if [ -d "/src/$folder/prisma" ]; then cp -r "/src/$folder/prisma" "$folder"; fi
done
find apps packages -name node_modules -prune -o -name '*.test.ts' -exec rm {} +
find apps packages -type d -empty -delete
