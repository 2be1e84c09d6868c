#!/usr/bin/env bash
# Expected: what one of Azure's SDKs sends, its others can read. AMQP 1.0 (part 3, 3.2.6) has a data section hold binary; a body that is null is a value
#           section (3.2.8) that holds null.
# Seen:     JavaScript's SDK makes a data section that holds null of an event whose body is null or undefined, and takes it for a body that is null.
#           fe2o3-amqp, on which Azure's crates for Rust stand, cannot decode such a message: "InvalidFormatCode", where a data section without
#           a byte, and a value section that holds null, are read. A receiver of it fails at that event, and again when it comes back to it.
# Matters:  one event without a body, as a deletion in a hub with log compaction is, stops every reader in Rust of its partition. Java's SDK
#           stopped in the same way until 2023 (azure-sdk-for-java, issue 32939).
# Versions: @azure/event-hubs 6.0.4, rhea 3.0.5 (npm), Node 24.21; fe2o3-amqp-types and serde_amqp 0.18.0 (crates.io), cargo 1.95.0; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @azure/event-hubs@6.0.4 rhea@3.0.5 >/dev/null 2>&1
cat >write.mjs <<'JS'
import rhea from 'rhea'
import { defaultDataTransformer as body } from './node_modules/@azure/event-hubs/dist/esm/dataTransformer.js'

// Null as the SDK encodes it, then what else might stand for it: a data section without a byte, a value section that holds null.
const messages = [
  { body: body.encode(null, 'data') },
  { body: rhea.message.data_section(Buffer.alloc(0)) },
  { body: body.encode(null, 'value') },
]
for (const message of messages) console.log(rhea.message.encode(message).toString('hex'))
const [first] = messages.map((message) => rhea.message.decode(rhea.message.encode(message)))
console.error(`JavaScript reads its own: ${body.decode(first.body, true).body}`)
JS
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "look"
version = "0.1.0"
edition = "2021"
[dependencies]
fe2o3-amqp-types = "=0.18.0"
serde_amqp = "=0.18.0"
TOML
cat >src/main.rs <<'RUST'
use fe2o3_amqp_types::messaging::{message::__private::Deserializable, Body, Message};
use serde_amqp::Value;

// As the crate's receiver decodes what it was delivered.
fn main() {
    for line in std::io::stdin().lines().map(Result::unwrap) {
        let bytes: Vec<u8> = (0..line.len()).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()).collect();
        match serde_amqp::from_slice::<Deserializable<Message<Body<Value>>>>(&bytes) {
            Ok(Deserializable(message)) => println!("{line}: {:?}", message.body),
            Err(error) => println!("{line}: {error:?}"),
        }
    }
}
RUST
cargo build --quiet 2>/dev/null
node write.mjs >messages
./target/debug/look <messages | tee seen
if [ "$(sed 's/.*: //' seen | tr '\n' ' ')" != 'InvalidFormatCode Data(TransparentVec([Data([])])) Value(AmqpValue(Null)) ' ]; then
  echo 'The behaviour has changed.'
  exit 1
fi
