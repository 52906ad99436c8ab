//! `.ptau`: powers of tau prepared for phase 2 (snarkjs `src/powersoftau_utils.js`, version 1). What a Groth16 setup reads:
//! the powers and the Lagrange bases. Of the contributions' record only the form is read, and which powers the last one
//! left; their proofs are left to the ceremony's own tools.
//!
//! The trap: a Lagrange section holds one basis after the other for the domains of size 1, 2, 4, …, so the basis of
//! size 2^k begins at point 2^k - 1.

use super::error::{FormatError, FormatErrorKind as Kind};
use super::field_bytes::Q_BYTES;
use super::sections::{Reader, Sections};
use super::{G1_BYTES, G2_BYTES};

/// A prepared powers-of-tau file over borrowed bytes; points as in a `.zkey`.
#[derive(Clone, Copy)]
pub struct PtauView<'a> {
    /// The largest domain is 2^power.
    pub power: u32,
    /// tau^i in G1, 2^(power+1) - 1 points.
    pub tau_g1: &'a [u8],
    /// The bytes of one more point where tau^i would go on: whatever the file holds there.
    pub after_tau_g1: Option<&'a [u8]>,
    /// tau^i in G2, 2^power points.
    pub tau_g2: &'a [u8],
    /// alpha tau^i in G1, 2^power points.
    pub alpha_tau_g1: &'a [u8],
    /// beta tau^i in G1, 2^power points.
    pub beta_tau_g1: &'a [u8],
    pub beta_g2: &'a [u8],
    lagrange_tau_g1: &'a [u8],
    lagrange_tau_g2: &'a [u8],
    lagrange_alpha_tau_g1: &'a [u8],
    lagrange_beta_tau_g1: &'a [u8],
    /// What the last recorded contribution left: tau in G1 and G2, alpha in G1, beta in G1 and G2.
    pub last_contribution: Option<[&'a [u8]; 5]>,
}

/// Reads a prepared file; `file` is the name errors carry.
pub fn parse<'a>(file: &str, bytes: &'a [u8]) -> Result<PtauView<'a>, FormatError> {
    let sections = Sections::split(file, bytes, b"ptau", 1)?;
    let mut header = sections.reader(1, "header")?;
    header.prime(&Q_BYTES, "the prime")?;
    let power = header.u32()?;
    let _ceremony_power = header.u32()?;
    header.end()?;
    if !(1..=28).contains(&power) {
        return Err(header.place.error(Kind::OutOfRange, format!("power {power} is not in 1 to 28")));
    }
    if (12..=15).any(|section| sections.find(section).is_none()) {
        let reason = "it is not prepared for phase 2: run `snarkjs powersoftau prepare phase2` on it";
        return Err(sections.at("").error(Kind::NotPrepared, reason));
    }
    let domain = 1u64 << power;
    let (g1, g2) = (G1_BYTES as u64, G2_BYTES as u64);
    let tau_g1 = sections.table(2, "tau in G1", 2 * domain - 1, g1)?;
    let end = tau_g1.as_ptr_range().end as usize - bytes.as_ptr() as usize;
    Ok(PtauView {
        power,
        tau_g1,
        after_tau_g1: bytes.get(end..end + G1_BYTES),
        tau_g2: sections.table(3, "tau in G2", domain, g2)?,
        alpha_tau_g1: sections.table(4, "alpha tau in G1", domain, g1)?,
        beta_tau_g1: sections.table(5, "beta tau in G1", domain, g1)?,
        beta_g2: sections.table(6, "beta in G2", 1, g2)?,
        lagrange_tau_g1: sections.table(12, "Lagrange tau in G1", 4 * domain - 1, g1)?,
        lagrange_tau_g2: sections.table(13, "Lagrange tau in G2", 2 * domain - 1, g2)?,
        lagrange_alpha_tau_g1: sections.table(14, "Lagrange alpha tau in G1", 2 * domain - 1, g1)?,
        lagrange_beta_tau_g1: sections.table(15, "Lagrange beta tau in G1", 2 * domain - 1, g1)?,
        last_contribution: match sections.find(7) {
            None => None,
            Some(_) => read_contributions(sections.reader(7, "contributions")?)?,
        },
    })
}

/// The points that the last contribution left, after a look at the form of all.
fn read_contributions<'a>(mut reader: Reader<'a, '_>) -> Result<Option<[&'a [u8]; 5]>, FormatError> {
    /// A contributor's public key (6 points of G1, 3 of G2), the state of a hash, and the next challenge.
    const PROOF_BYTES: usize = 6 * G1_BYTES + 3 * G2_BYTES + 216 + 64;
    let mut last = None;
    for _ in 0..reader.u32()? {
        last = Some([
            reader.take(G1_BYTES)?,
            reader.take(G2_BYTES)?,
            reader.take(G1_BYTES)?,
            reader.take(G1_BYTES)?,
            reader.take(G2_BYTES)?,
        ]);
        reader.take(PROOF_BYTES)?;
        let _kind = reader.u32()?;
        let length = reader.u32()? as usize;
        read_parameters(Reader::new(reader.place, reader.take(length)?))?;
    }
    reader.end()?;
    Ok(last)
}

/// Parameters of a contribution, each at most once and in order: 1 a name, 2 a beacon's iterations, 3 its value.
fn read_parameters(mut reader: Reader<'_, '_>) -> Result<(), FormatError> {
    let mut before = 0;
    while reader.left() > 0 {
        let tag = reader.take(1)?[0];
        if tag <= before || tag > 3 {
            return Err(reader.place.error(Kind::Malformed, "a contribution's parameters are unknown or not in order"));
        }
        before = tag;
        // One byte of iterations; or one of length and as many as it says.
        let first = reader.take(1)?[0];
        if tag != 2 {
            reader.take(usize::from(first))?;
        }
    }
    Ok(())
}

impl<'a> PtauView<'a> {
    /// All sections with points of G1, by name.
    pub fn g1_sections(&self) -> [(&'static str, &'a [u8]); 6] {
        [
            ("tau in G1", self.tau_g1),
            ("alpha tau in G1", self.alpha_tau_g1),
            ("beta tau in G1", self.beta_tau_g1),
            ("Lagrange tau in G1", self.lagrange_tau_g1),
            ("Lagrange alpha tau in G1", self.lagrange_alpha_tau_g1),
            ("Lagrange beta tau in G1", self.lagrange_beta_tau_g1),
        ]
    }

    /// All sections with points of G2, by name.
    pub fn g2_sections(&self) -> [(&'static str, &'a [u8]); 3] {
        [("tau in G2", self.tau_g2), ("beta in G2", self.beta_g2), ("Lagrange tau in G2", self.lagrange_tau_g2)]
    }

    /// L_i(tau) in G1 over every domain, one basis after the other.
    pub fn lagrange_tau_g1_all(&self) -> &'a [u8] {
        self.lagrange_tau_g1
    }

    /// L_i(tau) in G2 over every domain.
    pub fn lagrange_tau_g2_all(&self) -> &'a [u8] {
        self.lagrange_tau_g2
    }

    /// alpha L_i(tau) in G1 over every domain.
    pub fn lagrange_alpha_tau_g1_all(&self) -> &'a [u8] {
        self.lagrange_alpha_tau_g1
    }

    /// beta L_i(tau) in G1 over every domain.
    pub fn lagrange_beta_tau_g1_all(&self) -> &'a [u8] {
        self.lagrange_beta_tau_g1
    }

    /// L_i(tau) in G1 over the domain of size 2^level, level up to power + 1.
    pub fn lagrange_tau_g1(&self, level: u32) -> Option<&'a [u8]> {
        basis(self.lagrange_tau_g1, level, G1_BYTES)
    }

    /// L_i(tau) in G2 over the domain of size 2^level, level up to power.
    pub fn lagrange_tau_g2(&self, level: u32) -> Option<&'a [u8]> {
        basis(self.lagrange_tau_g2, level, G2_BYTES)
    }

    /// alpha L_i(tau) in G1 over the domain of size 2^level, level up to power.
    pub fn lagrange_alpha_tau_g1(&self, level: u32) -> Option<&'a [u8]> {
        basis(self.lagrange_alpha_tau_g1, level, G1_BYTES)
    }

    /// beta L_i(tau) in G1 over the domain of size 2^level, level up to power.
    pub fn lagrange_beta_tau_g1(&self, level: u32) -> Option<&'a [u8]> {
        basis(self.lagrange_beta_tau_g1, level, G1_BYTES)
    }
}

fn basis(section: &[u8], level: u32, point_bytes: usize) -> Option<&[u8]> {
    let size = 1usize.checked_shl(level)?;
    let start = (size - 1).checked_mul(point_bytes)?;
    let end = start.checked_add(size.checked_mul(point_bytes)?)?;
    section.get(start..end)
}
