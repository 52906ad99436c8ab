//! A `.zkey`, through the cheap and the full checks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkinfer_native::formats::zkey;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = zkey::parse("key", bytes) {
        let _ = key.check_coefficients("key");
        let _ = key.check_g1_points("key");
        let _ = key.check_contributed_points("key");
    }
});
