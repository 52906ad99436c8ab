//! Writes a `.zkey` section by section.

use super::rows::{Batch, CircuitSizes, Coefficient};
use super::{KeySink, SetupError};
use crate::field::{Field, FpParams, FqParams, Fr, FrParams};
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

    /// Section 4: matrices A and B, row by row, and the rows that bind public wires. `body` takes the batches to `take`, in
    /// order.
    pub fn coefficients<E: From<SetupError>>(
        &mut self,
        sizes: &CircuitSizes,
        body: impl FnOnce(&mut Coefficients<'_, 'o>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.section(4, |file| {
            // The count is known at the end.
            let count_at = file.check(|out| out.stream_position())?;
            file.write(&0u32.to_le_bytes())?;
            let cube = Fr::from_montgomery(FrParams::R2).mul(&Fr::from_montgomery(FrParams::R2));
            let mut section = Coefficients { file, cube, stored: Vec::new(), bytes: Vec::new(), terms: 0 };
            body(&mut section)?;
            let Coefficients { mut bytes, mut terms, .. } = section;
            bytes.clear();
            let one = stored_coefficient(&Coefficient::ONE, &cube);
            for wire in 0..=sizes.n_public {
                record(&mut bytes, 0, sizes.n_constraints + wire, wire, &one);
                terms += 1;
            }
            file.write(&bytes)?;
            let count = u32::try_from(terms).map_err(|_| SetupError::TooManyTerms { terms })?;
            let end = file.check(|out| out.stream_position())?;
            file.check(|out| out.seek(SeekFrom::Start(count_at)).map(drop))?;
            file.write(&count.to_le_bytes())?;
            Ok(file.check(|out| out.seek(SeekFrom::Start(end)).map(drop))?)
        })
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

/// The open section 4.
pub struct Coefficients<'w, 'o> {
    file: &'w mut ZkeyWriter<'o>,
    cube: Fr,
    /// The coefficients so far as the file has them.
    stored: Vec<[u8; 32]>,
    bytes: Vec<u8>,
    terms: u64,
}

impl Coefficients<'_, '_> {
    /// Writes a batch whose first row has this number.
    pub fn take(&mut self, first: usize, batch: &Batch<'_>) -> Result<(), SetupError> {
        let known = self.stored.len();
        self.stored.extend(batch.coefficients[known..].iter().map(|one| stored_coefficient(one, &self.cube)));
        self.bytes.clear();
        for row in 0..batch.a.rows() {
            for (matrix, rows) in [(0, batch.a), (1, batch.b)] {
                for (wire, value) in rows.row(row) {
                    record(&mut self.bytes, matrix, (first + row) as u32, wire, &self.stored[value as usize]);
                    self.terms += 1;
                }
            }
        }
        self.file.write(&self.bytes)
    }
}

/// value R^2 = value * R^3 / R
fn stored_coefficient(value: &Coefficient, cube: &Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    Fr::from_montgomery(value.canonical()).mul(cube).write(&mut bytes);
    bytes
}

fn record(out: &mut Vec<u8>, matrix: u32, row: u32, wire: u32, value: &[u8; 32]) {
    let mut bytes = [0u8; 44];
    bytes[..4].copy_from_slice(&matrix.to_le_bytes());
    bytes[4..8].copy_from_slice(&row.to_le_bytes());
    bytes[8..12].copy_from_slice(&wire.to_le_bytes());
    bytes[12..].copy_from_slice(value);
    out.extend_from_slice(&bytes);
}
