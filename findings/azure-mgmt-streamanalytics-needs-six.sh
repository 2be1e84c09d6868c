#!/usr/bin/env bash
# Expected: the released client of Stream Analytics, installed by itself, can be imported.
# Seen:     ModuleNotFoundError: No module named 'six'. The package imports six and does not ask for it; earlier versions of azure-core
#           brought it along. With six beside it the client works.
# Matters:  `pip install azure-mgmt-streamanalytics` gives a package that fails in a fresh environment, and works in most others by chance.
# Versions: azure-mgmt-streamanalytics 1.0.0 (the newest that is no beta), azure-core 1.41.0, Python 3.11; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
pip=(venv/bin/pip install --quiet --disable-pip-version-check)
"${pip[@]}" azure-mgmt-streamanalytics==1.0.0 azure-core==1.41.0
import() { venv/bin/python -c 'import azure.mgmt.streamanalytics' 2>&1 | tail -n 1 || true; }
alone="$(import)"
echo "alone: ${alone:-imported}"
"${pip[@]}" six==1.17.0
beside="$(import)"
echo "with six: ${beside:-imported}"
if [ "$alone" != "ModuleNotFoundError: No module named 'six'" ] || [ -n "$beside" ]; then
  echo "The behaviour has changed."
  exit 1
fi
