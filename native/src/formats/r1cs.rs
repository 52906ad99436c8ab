//! `.r1cs`: a rank-1 constraint system as circom writes it (iden3/r1csfile, doc/r1cs_bin_format.md, version 1).
//!
//! The traps: constraints have variable length, so only a pass over all of them shows whether the section is sound.
//! [`parse`] makes that pass; afterwards iteration cannot fail. And the number of wires stands alone in the header: a key is
//! as large as that number, so it must be one that the file pays for, by the eight bytes of each wire's label.

use super::error::{FormatError, FormatErrorKind as Kind, Place};
use super::field_bytes::{is_below, R_BYTES};
use super::sections::{Reader, Sections};

/// Bytes of one term: wire u32, coefficient (32 bytes, canonical).
pub const TERM_BYTES: usize = 36;

/// Bytes of a wire's label in section 3.
const LABEL_BYTES: u64 = 8;

/// A constraint system over borrowed bytes. Wires: the constant one, public outputs, public inputs, private inputs, rest.
#[derive(Clone, Copy)]
pub struct R1csView<'a> {
    pub n_wires: u32,
    pub n_public_outputs: u32,
    pub n_public_inputs: u32,
    pub n_private_inputs: u32,
    pub n_constraints: u32,
    /// Section 2, checked.
    constraints: &'a [u8],
}

/// One linear combination: wires below n_wires, coefficients below r.
#[derive(Clone, Copy)]
pub struct LinearCombination<'a>(&'a [u8]);

/// (A w) · (B w) = (C w), one row.
#[derive(Clone, Copy)]
pub struct Constraint<'a> {
    pub a: LinearCombination<'a>,
    pub b: LinearCombination<'a>,
    pub c: LinearCombination<'a>,
}

/// Reads a constraint system; `file` is the name errors carry.
pub fn parse<'a>(file: &str, bytes: &'a [u8]) -> Result<R1csView<'a>, FormatError> {
    let sections = Sections::split(file, bytes, b"r1cs", 1)?;
    let mut header = sections.reader(1, "header")?;
    header.prime(&R_BYTES, "the prime")?;
    let n_wires = header.u32()?;
    let n_public_outputs = header.u32()?;
    let n_public_inputs = header.u32()?;
    let n_private_inputs = header.u32()?;
    let _n_labels = header.u64()?;
    let n_constraints = header.u32()?;
    header.end()?;
    let named = 1 + u64::from(n_public_outputs) + u64::from(n_public_inputs) + u64::from(n_private_inputs);
    if named > u64::from(n_wires) {
        let reason = format!("{named} wires for the constant, outputs and inputs, but {n_wires} in all");
        return Err(header.place.error(Kind::OutOfRange, reason));
    }
    match sections.find(3) {
        Some(labels) if !labels.is_empty() => {
            sections.table(3, "labels", u64::from(n_wires), LABEL_BYTES)?;
        }
        // Some tools write none; a wire then has bytes in some constraint, or it is of no use.
        _ if u64::from(n_wires) * LABEL_BYTES > bytes.len() as u64 => {
            let reason = format!("{n_wires} wires announced, more than a file of {} bytes describes", bytes.len());
            return Err(header.place.error(Kind::OutOfRange, reason));
        }
        _ => (),
    }
    for custom in [4, 5] {
        if sections.find(custom).is_some_and(|content| content.iter().any(|&b| b != 0)) {
            let reason = "custom gates exist only in PLONK, not in Groth16";
            return Err(sections.at("custom gates").error(Kind::Unsupported, reason));
        }
    }

    let constraints = sections.require(2, "constraints")?;
    let mut reader = Reader::new(sections.at("constraints"), constraints);
    for row in 0..n_constraints {
        for matrix in ["A", "B", "C"] {
            check_combination(&mut reader, n_wires, row, matrix)?;
        }
    }
    reader.end()?;
    Ok(R1csView { n_wires, n_public_outputs, n_public_inputs, n_private_inputs, n_constraints, constraints })
}

fn check_combination(reader: &mut Reader<'_, '_>, n_wires: u32, row: u32, matrix: &str) -> Result<(), FormatError> {
    let place: Place<'_> = reader.place;
    let count = reader.u32()? as usize;
    let length = count.checked_mul(TERM_BYTES).filter(|&length| length <= reader.left()).ok_or_else(|| {
        let reason = format!("constraint {row}, {matrix}: {count} terms announced, {} bytes left", reader.left());
        place.error(Kind::Truncated, reason)
    })?;
    for (wire, coefficient) in LinearCombination(reader.take(length)?).terms() {
        if wire >= n_wires {
            let reason = format!("constraint {row}, {matrix}: wire {wire} of {n_wires}");
            return Err(place.error(Kind::OutOfRange, reason));
        }
        if !is_below(coefficient, &R_BYTES) {
            let reason = format!("constraint {row}, {matrix}: a coefficient not below the field's prime");
            return Err(place.error(Kind::OutOfRange, reason));
        }
    }
    Ok(())
}

impl<'a> R1csView<'a> {
    pub fn n_public(&self) -> u32 {
        self.n_public_outputs + self.n_public_inputs
    }

    /// The rows in order, n_constraints of them.
    pub fn constraints(&self) -> impl Iterator<Item = Constraint<'a>> {
        let mut rest = self.constraints;
        std::iter::from_fn(move || {
            let mut next = || {
                let (count, tail) = rest.split_first_chunk::<4>()?;
                let (terms, tail) = tail.split_at_checked(u32::from_le_bytes(*count) as usize * TERM_BYTES)?;
                rest = tail;
                Some(LinearCombination(terms))
            };
            Some(Constraint { a: next()?, b: next()?, c: next()? })
        })
    }
}

impl<'a> LinearCombination<'a> {
    pub fn len(&self) -> usize {
        self.0.len() / TERM_BYTES
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// (wire, coefficient as 32 bytes little-endian, canonical)
    pub fn terms(&self) -> impl ExactSizeIterator<Item = (u32, &'a [u8; 32])> {
        let (terms, _) = self.0.as_chunks::<TERM_BYTES>();
        terms.iter().map(|term| {
            let wire = u32::from_le_bytes([term[0], term[1], term[2], term[3]]);
            (wire, term[4..].first_chunk().unwrap_or(&[0; 32]))
        })
    }
}
