//! A `.ptau`, and its Lagrange bases at levels in and out of range.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkinfer_native::formats::ptau;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(powers) = ptau::parse("powers", bytes) {
        for level in [0, powers.power, powers.power + 1, powers.power + 2, u32::MAX] {
            let _ = (powers.lagrange_tau_g1(level), powers.lagrange_tau_g2(level));
        }
    }
});
