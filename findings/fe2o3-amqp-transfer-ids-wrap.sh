#!/usr/bin/env bash
# Expected: a session's transfer ids are serial numbers of 32 bits (AMQP 1.0 part 2, 2.5.6 and 2.8.10, RFC 1982): behind 4294967295 comes 0. A flow
#           with next-incoming-id 4294967290 and a window of 2048 lets a sender that stands there send 2048 transfers.
# Seen:     fe2o3-amqp adds and subtracts with a stop at 2^32-1, and counts a window of 5. It sends five messages, and waits for ever: no flow
#           can open a window for it again. The session itself counts on from 0, so that only this sum is in the way.
# Matters:  every session comes there after 2^32 transfers, at 10,000 a second in five days; then a producer stands still without an error.
#           Azure's crates for Rust (azure_messaging_eventhubs) stand on this one.
# Versions: fe2o3-amqp 0.18.4 (crates.io), cargo 1.95.0; the peer is rhea 3.0.5 (npm) on loopback, Node 24.21; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
peer=
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund rhea@3.0.5 >/dev/null 2>&1
cat >peer.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import rhea from 'rhea'

rhea.on('receiver_open', ({ receiver }) => receiver.set_target(receiver.target))
for (const event of ['disconnected', 'connection_error', 'error']) rhea.on(event, () => {})
rhea.on('message', ({ delivery }) => delivery.accept())
const server = rhea.listen({ port: 0, host: '127.0.0.1' })
server.on('listening', () => writeFileSync('port', String(server.address().port)))
setTimeout(() => process.exit(), 600_000)
JS
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "look"
version = "0.1.0"
edition = "2021"
[dependencies]
fe2o3-amqp = "=0.18.4"
tokio = { version = "1", features = ["full"] }
TOML
cat >src/main.rs <<'RUST'
use fe2o3_amqp::{Connection, Sender, Session};
use std::time::Duration;

#[tokio::main]
async fn main() {
    let address = format!("amqp://127.0.0.1:{}", std::env::args().nth(1).unwrap());
    for first in [0, u32::MAX - 5] {
        let mut connection = Connection::open("look", &address[..]).await.unwrap();
        let mut session = Session::builder().next_outgoing_id(first).begin(&mut connection).await.unwrap();
        let mut sender = Sender::attach(&mut session, "sender", "q").await.unwrap();
        let mut accepted = 0;
        while accepted < 20 {
            match tokio::time::timeout(Duration::from_secs(5), sender.send("x")).await {
                Ok(outcome) if outcome.as_ref().is_ok_and(|one| one.is_accepted()) => accepted += 1,
                _ => break,
            }
        }
        println!("first transfer id {first}: {accepted} of 20 messages accepted");
    }
    // What waits is not closed in order.
    std::process::exit(0);
}
RUST
cargo build --quiet 2>/dev/null
node peer.mjs &
peer=$!
while [ ! -s port ]; do sleep 0.1; done
"${CARGO_TARGET_DIR:-target}/debug/look" "$(cat port)" | tee seen
if [ "$(grep -o '[0-9]* of 20' seen | tr '\n' ' ')" != '20 of 20 5 of 20 ' ]; then
  echo 'The behaviour has changed.'
  exit 1
fi
