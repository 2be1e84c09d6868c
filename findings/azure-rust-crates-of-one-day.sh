#!/usr/bin/env bash
# Expected: the newest stable crates of one SDK, released on the same day, go into one program.
# Seen:     azure_messaging_eventhubs 0.16.0 asks for a beta of azure_core (^1.2.0-beta.1), which Cargo counts as no version of the ^1.1.0
#           that azure_storage_blob 1.1.0 asks for; and two of azure_core 1.x cannot stand side by side. A beta of a dependency in a crate
#           that is itself no beta. The version before, 0.15.0, goes together with it.
# Matters:  an event processor with its checkpoints in blobs is made of exactly these two; `cargo add` of both fails.
# Versions: azure_messaging_eventhubs 0.16.0 and 0.15.0, azure_storage_blob 1.1.0 (crates.io), cargo 1.95.0; seen 2026-11-29. Needs Cargo.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
echo 'fn main() {}' >src/main.rs
together() {
  rm -f Cargo.lock
  printf '[package]\nname = "finding"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nazure_messaging_eventhubs = "=%s"\nazure_storage_blob = "=1.1.0"\n' "$1" >Cargo.toml
  if cargo generate-lockfile >cargo.log 2>&1; then echo 'resolved'; else grep -m 1 -o 'failed to select a version for `[a-z_]*`' cargo.log || tail -n 5 cargo.log; fi
}
newest="$(together 0.16.0)"
before="$(together 0.15.0)"
printf 'eventhubs 0.16.0 with blob 1.1.0: %s\neventhubs 0.15.0 with blob 1.1.0: %s\n' "$newest" "$before"
if [ "$newest" != 'failed to select a version for `azure_core`' ] || [ "$before" != resolved ]; then
  echo 'The behaviour has changed.'
  exit 1
fi
