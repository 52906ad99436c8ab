//! `.zkey`: a Groth16 proving key as snarkjs writes it (snarkjs `src/zkey_utils.js`, protocol 1). [`parse`] makes the
//! cheap checks: header, curve, sizes of every section, the header's points. [`ZkeyView::check_coefficients`] and
//! `groups::check_key_points` look at everything else.
//!
//! The traps: coefficients are stored multiplied by R² (twice into Montgomery form), points once (R); and section 9
//! holds the quotient's bases for evaluations on the odd coset points, not powers of tau.

use ark_bn254::{Bn254, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use ark_ff::Zero;
use rayon::prelude::*;

use super::error::{FormatError, FormatErrorKind as Kind, Place};
use super::field_bytes::{is_below, Q_BYTES, R_BYTES};
use super::points::{self, PointDefect};
use super::sections::{Reader, Sections};
use super::{G1_BYTES, G2_BYTES};

/// Bytes of one coefficient record: matrix u32 (0 = A, 1 = B), constraint u32, signal u32, value (32 bytes).
pub const COEFFICIENT_BYTES: usize = 44;

/// BN254's scalar field has 2^28-th roots of unity and no finer ones, and the prover's coset takes roots of twice the
/// domain's order.
const MAX_DOMAIN_SIZE: u32 = 1 << 27;

/// A proving key over borrowed bytes. Points are affine, little-endian, Montgomery, all zero bytes for infinity.
#[derive(Clone, Copy)]
pub struct ZkeyView<'a> {
    pub n_vars: u32,
    pub n_public: u32,
    /// A power of two.
    pub domain_size: u32,
    pub alpha_g1: &'a [u8; G1_BYTES],
    pub beta_g1: &'a [u8; G1_BYTES],
    pub beta_g2: &'a [u8; G2_BYTES],
    pub gamma_g2: &'a [u8; G2_BYTES],
    pub delta_g1: &'a [u8; G1_BYTES],
    pub delta_g2: &'a [u8; G2_BYTES],
    /// Records of [`COEFFICIENT_BYTES`] bytes.
    pub coeffs: &'a [u8],
    /// n_public + 1 points of G1.
    pub ic: &'a [u8],
    /// n_vars points of G1.
    pub points_a: &'a [u8],
    /// n_vars points of G1.
    pub points_b1: &'a [u8],
    /// n_vars points of G2.
    pub points_b2: &'a [u8],
    /// n_vars - n_public - 1 points of G1.
    pub points_c: &'a [u8],
    /// domain_size points of G1.
    pub points_h: &'a [u8],
}

/// One record of section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coefficient<'a> {
    pub matrix: u32,
    pub constraint: u32,
    pub signal: u32,
    /// value · R², little-endian.
    pub value: &'a [u8; 32],
}

/// Reads a key; `file` is the name errors carry.
pub fn parse<'a>(file: &str, bytes: &'a [u8]) -> Result<ZkeyView<'a>, FormatError> {
    let sections = Sections::split(file, bytes, b"zkey", 1)?;

    let mut protocol = sections.reader(1, "header")?;
    match protocol.u32()? {
        1 => protocol.end()?,
        other => {
            let reason = format!("protocol {other} is not Groth16 (1)");
            return Err(protocol.place.error(Kind::Unsupported, reason));
        }
    }

    let mut header = sections.reader(2, "groth16 header")?;
    header.prime(&Q_BYTES, "the base field's prime")?;
    header.prime(&R_BYTES, "the scalar field's prime")?;
    let n_vars = header.u32()?;
    let n_public = header.u32()?;
    let domain_size = header.u32()?;
    if n_public >= n_vars {
        let reason = format!("{n_public} public signals do not fit {n_vars} wires");
        return Err(header.place.error(Kind::OutOfRange, reason));
    }
    if !domain_size.is_power_of_two() || domain_size > MAX_DOMAIN_SIZE {
        let reason = format!("domain size {domain_size} is not a power of two up to 2^27");
        return Err(header.place.error(Kind::OutOfRange, reason));
    }
    let alpha_g1 = header_g1(&mut header, "alpha in G1")?;
    let beta_g1 = header_g1(&mut header, "beta in G1")?;
    let beta_g2 = header_g2(&mut header, "beta in G2")?;
    let gamma_g2 = header_g2(&mut header, "gamma in G2")?;
    let delta_g1 = header_g1(&mut header, "delta in G1")?;
    let delta_g2 = header_g2(&mut header, "delta in G2")?;
    header.end()?;

    let mut coefficients = sections.reader(4, "coefficients")?;
    let count = u64::from(coefficients.u32()?);
    let coeffs = coefficients.take(coefficients.left())?;
    if count * COEFFICIENT_BYTES as u64 != coeffs.len() as u64 {
        let reason = format!("{} bytes for {count} records of {COEFFICIENT_BYTES} bytes", coeffs.len());
        return Err(coefficients.place.error(Kind::SectionSize, reason));
    }

    let (vars, public) = (u64::from(n_vars), u64::from(n_public));
    let (g1, g2) = (G1_BYTES as u64, G2_BYTES as u64);
    Ok(ZkeyView {
        n_vars,
        n_public,
        domain_size,
        alpha_g1,
        beta_g1,
        beta_g2,
        gamma_g2,
        delta_g1,
        delta_g2,
        coeffs,
        ic: sections.table(3, "IC", public + 1, g1)?,
        points_a: sections.table(5, "points A", vars, g1)?,
        points_b1: sections.table(6, "points B in G1", vars, g1)?,
        points_b2: sections.table(7, "points B in G2", vars, g2)?,
        points_c: sections.table(8, "points C", vars - public - 1, g1)?,
        points_h: sections.table(9, "points H", u64::from(domain_size), g1)?,
    })
}

fn header_g1<'a>(header: &mut Reader<'a, '_>, name: &str) -> Result<&'a [u8; G1_BYTES], FormatError> {
    let bytes = header.array()?;
    let point = points::g1(bytes).map_err(|defect| header_defect(header.place, name, defect.reason()))?;
    if point.is_zero() {
        return Err(header_defect(header.place, name, "is the point at infinity"));
    }
    Ok(bytes)
}

fn header_g2<'a>(header: &mut Reader<'a, '_>, name: &str) -> Result<&'a [u8; G2_BYTES], FormatError> {
    let bytes = header.array()?;
    let point = points::g2(bytes).map_err(|defect| header_defect(header.place, name, defect.reason()))?;
    if point.is_zero() {
        return Err(header_defect(header.place, name, "is the point at infinity"));
    }
    Ok(bytes)
}

fn header_defect(place: Place<'_>, name: &str, reason: &str) -> FormatError {
    place.error(Kind::InvalidPoint, format!("{name} {reason}"))
}

impl<'a> ZkeyView<'a> {
    /// Section 4, record by record, unchecked (see [`ZkeyView::check_coefficients`]).
    pub fn coefficients(&self) -> impl ExactSizeIterator<Item = Coefficient<'a>> {
        self.coeffs.chunks_exact(COEFFICIENT_BYTES).map(|record| {
            let word = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
            let value = record[12..].first_chunk().unwrap_or(&[0; 32]);
            Coefficient { matrix: word(0), constraint: word(4), signal: word(8), value }
        })
    }

    /// The error for a point that only some uses of a key look at.
    pub(crate) fn point_error(&self, file: &str, name: &str, defect: PointDefect) -> FormatError {
        Place::new(file).error(Kind::InvalidPoint, format!("{name} {}", defect.reason()))
    }

    /// The key is one that proofs may be made and believed under: alpha, beta and delta are secrets', and delta is the same in both
    /// groups. Contributions that are public (beacons) are looked for by `phase2::check_contributors`.
    ///
    /// A key fresh from powers of tau has delta = gamma = 1. Then A = alpha, B = beta, C = -(the public sum) satisfies the
    /// verifier's equation for any public signals, without a witness.
    pub fn check_finished(&self, file: &str) -> Result<(), FormatError> {
        let delta_g1 = points::g1(self.delta_g1).map_err(|defect| self.point_error(file, "delta in G1", defect))?;
        let delta_g2 = points::g2(self.delta_g2).map_err(|defect| self.point_error(file, "delta in G2", defect))?;
        let gamma_g2 = points::g2(self.gamma_g2).map_err(|defect| self.point_error(file, "gamma in G2", defect))?;
        let place = Place::new(file).within("groth16 header");
        if delta_g1 == G1Affine::generator() || delta_g1 == -G1Affine::generator() {
            return Err(place.error(Kind::Unfinished, UNFINISHED));
        }
        let alpha_g1 = points::g1(self.alpha_g1).map_err(|defect| self.point_error(file, "alpha in G1", defect))?;
        let beta_g2 = points::g2(self.beta_g2).map_err(|defect| self.point_error(file, "beta in G2", defect))?;
        check_finished(place, place, (alpha_g1, beta_g2), gamma_g2, delta_g2)?;
        let pairs = Bn254::multi_pairing([delta_g1, -G1Affine::generator()], [G2Affine::generator(), delta_g2]);
        if !pairs.is_zero() {
            return Err(
                place.error(Kind::InvalidPoint, "delta is another number in G1 than in G2: the key was altered")
            );
        }
        Ok(())
    }

    /// Every record's indices are inside the system and its value is canonical.
    pub fn check_coefficients(&self, file: &str) -> Result<(), FormatError> {
        let place = Place::new(file).within("coefficients");
        for (index, record) in self.coefficients().enumerate() {
            let defect = if record.matrix > 1 {
                format!("matrix {} (0 is A, 1 is B)", record.matrix)
            } else if record.constraint >= self.domain_size {
                format!("constraint {} of a domain of {}", record.constraint, self.domain_size)
            } else if record.signal >= self.n_vars {
                format!("signal {} of {}", record.signal, self.n_vars)
            } else if !is_below(record.value, &R_BYTES) {
                "a value not below the field's prime".to_owned()
            } else {
                continue;
            };
            return Err(place.error(Kind::OutOfRange, format!("record {index} has {defect}")));
        }
        Ok(())
    }

    /// Every point of G1 has canonical coordinates and is on the curve; `groups` looks at those of G2, too. Uses the calling
    /// thread's rayon pool.
    pub fn check_g1_points(&self, file: &str) -> Result<(), FormatError> {
        for (section, table) in [
            ("IC", self.ic),
            ("points A", self.points_a),
            ("points B in G1", self.points_b1),
            ("points C", self.points_c),
            ("points H", self.points_h),
        ] {
            check_g1_table(file, section, table, 0)?;
        }
        Ok(())
    }
}

/// Why a key without a contribution is refused, and what helps.
const UNFINISHED: &str =
    "nobody has contributed to this key (its delta is public), so anybody can forge proofs under it; \
    contribute to it (zkinfer ceremony contribute, or snarkjs zkey contribute) and import the result";

/// The same for the powers of tau it comes from: with beta = gamma = 1, A = alpha + the public sum, B = gamma, C = 0 satisfies the
/// verifier's equation, whatever delta is.
const UNFINISHED_POWERS: &str = "nobody has contributed to the powers of tau that this key comes from (its alpha or beta is public), \
    so anybody can forge proofs under it, whoever contributed later; make the key again, from powers of tau with contributions";

/// As [`ZkeyView::check_finished`], for what a verification key shows; `powers` and `place` are where alpha and beta, and delta, stand.
pub(crate) fn check_finished(
    powers: Place<'_>,
    place: Place<'_>,
    (alpha_g1, beta_g2): (G1Affine, G2Affine),
    gamma_g2: G2Affine,
    delta_g2: G2Affine,
) -> Result<(), FormatError> {
    let is_public =
        |point: G2Affine| [gamma_g2, G2Affine::generator()].iter().any(|known| point == *known || point == -*known);
    if is_public(delta_g2) {
        return Err(place.error(Kind::Unfinished, UNFINISHED));
    }
    if is_public(beta_g2) || alpha_g1 == G1Affine::generator() || alpha_g1 == -G1Affine::generator() {
        return Err(powers.error(Kind::Unfinished, UNFINISHED_POWERS));
    }
    Ok(())
}

impl ZkeyView<'_> {
    /// The points that contributions change (C and H) are on the curve.
    pub fn check_contributed_points(&self, file: &str) -> Result<(), FormatError> {
        check_g1_table(file, "points C", self.points_c, 0)?;
        check_g1_table(file, "points H", self.points_h, 0)
    }
}

/// Every point of a part of a section is on the curve; `first` is the position of the part's first one.
pub(crate) fn check_g1_table(file: &str, section: &'static str, part: &[u8], first: usize) -> Result<(), FormatError> {
    check_table::<G1_BYTES>(Place::new(file).within(section), part, first, |bytes| points::g1(bytes).err())
}

fn check_table<const SIZE: usize>(
    place: Place<'_>,
    table: &[u8],
    first: usize,
    defect_of: impl Fn(&[u8; SIZE]) -> Option<PointDefect> + Sync,
) -> Result<(), FormatError> {
    let found = table.par_chunks_exact(SIZE).enumerate().find_map_first(|(index, bytes)| {
        let bytes = bytes.first_chunk::<SIZE>()?;
        defect_of(bytes).map(|defect| (index, defect))
    });
    match found {
        None => Ok(()),
        Some((index, defect)) => {
            Err(place.error(Kind::InvalidPoint, format!("point {} {}", first + index, defect.reason())))
        }
    }
}
