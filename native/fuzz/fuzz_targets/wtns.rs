//! A `.wtns`, with and without its container.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkinfer_native::formats::wtns;

fuzz_target!(|bytes: &[u8]| {
    let _ = wtns::parse("witness", bytes);
    let _ = wtns::from_values("witness", bytes);
});
