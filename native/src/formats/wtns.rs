//! `.wtns`: the value of every wire, wire 0 (the constant one) first (snarkjs `src/wtns_utils.js`, version 2).
//!
//! The trap: values are canonical integers, not in Montgomery form, unlike everything in a `.zkey`.

use super::error::{FormatError, FormatErrorKind as Kind, Place};
use super::field_bytes::{is_below, R_BYTES};
use super::sections::Sections;
use super::FIELD_BYTES;

/// A witness over borrowed bytes: `values` is n_witness numbers below r of 32 bytes, little-endian.
#[derive(Clone, Copy)]
pub struct WtnsView<'a> {
    pub n_witness: u32,
    pub values: &'a [u8],
}

/// Reads a `.wtns` file; `file` is the name errors carry.
pub fn parse<'a>(file: &str, bytes: &'a [u8]) -> Result<WtnsView<'a>, FormatError> {
    let sections = Sections::split(file, bytes, b"wtns", 2)?;
    let mut header = sections.reader(1, "header")?;
    header.prime(&R_BYTES, "the prime")?;
    let n_witness = header.u32()?;
    header.end()?;
    let values = sections.table(2, "values", u64::from(n_witness), FIELD_BYTES as u64)?;
    check_values(sections.at("values"), values)?;
    Ok(WtnsView { n_witness, values })
}

/// The same for values without a container, as they come from memory; `source` is the name errors carry.
pub fn from_values<'a>(source: &str, values: &'a [u8]) -> Result<WtnsView<'a>, FormatError> {
    let place = Place::new(source);
    if !values.len().is_multiple_of(FIELD_BYTES) {
        let reason = format!("{} bytes are not a whole number of {FIELD_BYTES}-byte values", values.len());
        return Err(place.error(Kind::SectionSize, reason));
    }
    let n_witness = u32::try_from(values.len() / FIELD_BYTES)
        .map_err(|_| place.error(Kind::OutOfRange, "more than 2^32 values"))?;
    check_values(place, values)?;
    Ok(WtnsView { n_witness, values })
}

fn check_values(place: Place<'_>, values: &[u8]) -> Result<(), FormatError> {
    let (values, _) = values.as_chunks::<FIELD_BYTES>();
    if values.first().is_none_or(|one| one[0] != 1 || one[1..].iter().any(|&b| b != 0)) {
        return Err(place.error(Kind::OutOfRange, "wire 0 is not the constant one"));
    }
    match values.iter().position(|value| !is_below(value, &R_BYTES)) {
        None => Ok(()),
        Some(wire) => Err(place.error(Kind::OutOfRange, format!("wire {wire} is not below the field's prime"))),
    }
}
