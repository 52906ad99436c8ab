//! An `.r1cs`; what parses must iterate to as many rows as its header says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkinfer_native::formats::r1cs;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(system) = r1cs::parse("circuit", bytes) {
        let rows = system.constraints().map(|row| row.a.len() + row.b.len() + row.c.len()).count();
        assert_eq!(rows as u32, system.n_constraints);
    }
});
