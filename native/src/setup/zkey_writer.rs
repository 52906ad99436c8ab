//! Writes a `.zkey` section by section.

use super::{KeySink, SetupError};
use crate::field::{limbs_from_bytes, Field, FpParams, FqParams, Fr, FrParams};
use crate::formats::R1csView;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

pub struct ZkeyWriter<'o> {
    out: BufWriter<&'o mut dyn KeySink>,
    /// Where the open section's length stands.
    length_at: u64,
}

/// Sizes of section 2.
pub struct Sizes {
    pub n_vars: u32,
    pub n_public: u32,
    pub domain_size: u32,
}

impl<'o> ZkeyWriter<'o> {
    /// Writes the file's header and section 1.
    pub fn create(out: &'o mut dyn KeySink) -> Result<Self, SetupError> {
        let mut writer = Self { out: BufWriter::with_capacity(1 << 20, out), length_at: 0 };
        writer.write(b"zkey")?;
        writer.write(&1u32.to_le_bytes())?;
        writer.write(&10u32.to_le_bytes())?;
        writer.section(1, |writer| writer.write(&1u32.to_le_bytes()))?;
        Ok(writer)
    }

    /// Writes one section with whatever `body` writes.
    pub fn section<E: From<SetupError>>(
        &mut self,
        kind: u32,
        body: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.write(&kind.to_le_bytes())?;
        self.length_at = self.check(|out| out.stream_position())?;
        self.write(&0u64.to_le_bytes())?;
        body(self)?;
        let end = self.check(|out| out.stream_position())?;
        let (at, length) = (self.length_at, end - self.length_at - 8);
        self.check(|out| out.seek(SeekFrom::Start(at)).map(drop))?;
        self.write(&length.to_le_bytes())?;
        Ok(self.check(|out| out.seek(SeekFrom::Start(end)).map(drop))?)
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SetupError> {
        self.check(|out| out.write_all(bytes))
    }

    /// Section 2: primes, sizes, and the points alpha1, beta1, beta2, gamma2, delta1, delta2 as they stand in the file.
    pub fn header(&mut self, sizes: &Sizes, points: &[u8]) -> Result<(), SetupError> {
        self.section(2, |writer| {
            for modulus in [FqParams::MODULUS, FrParams::MODULUS] {
                writer.write(&32u32.to_le_bytes())?;
                for limb in modulus {
                    writer.write(&limb.to_le_bytes())?;
                }
            }
            for size in [sizes.n_vars, sizes.n_public, sizes.domain_size] {
                writer.write(&size.to_le_bytes())?;
            }
            writer.write(points)
        })
    }

    /// Section 4: matrices A and B, row by row, and the rows that bind public wires.
    pub fn coefficients(&mut self, r1cs: &R1csView<'_>) -> Result<(), SetupError> {
        let bound = r1cs.n_public() + 1;
        let terms: usize = r1cs.constraints().map(|row| row.a.len() + row.b.len()).sum();
        // value R^2 = value * R^3 / R
        let cube = Fr::from_montgomery(FrParams::R2).mul(&Fr::from_montgomery(FrParams::R2));
        let to_file = |value: [u64; 4]| Fr::from_montgomery(value).mul(&cube);
        let one = to_file([1, 0, 0, 0]);
        self.section(4, |writer| {
            writer.write(&(terms as u32 + bound).to_le_bytes())?;
            for (row, constraint) in (0u32..).zip(r1cs.constraints()) {
                for (matrix, combination) in [(0u32, constraint.a), (1, constraint.b)] {
                    for (wire, value) in combination.terms() {
                        writer.record(matrix, row, wire, &to_file(limbs_from_bytes(value)))?;
                    }
                }
            }
            for wire in 0..bound {
                writer.record(0, r1cs.n_constraints + wire, wire, &one)?;
            }
            Ok(())
        })
    }

    fn record(&mut self, matrix: u32, row: u32, wire: u32, value: &Fr) -> Result<(), SetupError> {
        let mut bytes = [0u8; 44];
        bytes[..4].copy_from_slice(&matrix.to_le_bytes());
        bytes[4..8].copy_from_slice(&row.to_le_bytes());
        bytes[8..12].copy_from_slice(&wire.to_le_bytes());
        value.write(&mut bytes[12..]);
        self.write(&bytes)
    }

    /// Section 10: the circuit's hash and no contributions yet.
    pub fn contributions(&mut self, circuit_hash: &[u8; 64]) -> Result<(), SetupError> {
        self.section(10, |writer| {
            writer.write(circuit_hash)?;
            writer.write(&0u32.to_le_bytes())
        })
    }

    /// Writes what is still buffered.
    pub fn finish(mut self) -> Result<(), SetupError> {
        self.check(|out| out.flush())
    }

    fn check<T>(
        &mut self,
        act: impl FnOnce(&mut BufWriter<&'o mut dyn KeySink>) -> io::Result<T>,
    ) -> Result<T, SetupError> {
        act(&mut self.out).map_err(SetupError::Write)
    }
}
