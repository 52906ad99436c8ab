//! Verification keys, proofs and public signals as JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkinfer_native::formats::json;

fuzz_target!(|text: &str| {
    let _ = json::parse_key(text);
    let _ = json::parse_proof(text);
    let _ = json::parse_public(text);
});
