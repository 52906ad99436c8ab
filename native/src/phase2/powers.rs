//! Whether a prepared `.ptau` holds powers of one tau, throughout: every point on its curve and in its group, each section a
//! geometric series with ratio tau, alpha and beta consistent between the groups, and each Lagrange basis the powers' own
//! transform. The random combinations are those of batch verification; a wrong point passes with probability 2^-128.
//!
//! The trap: G2's curve has points outside the group of order r; `groups` says how they are found.
//! What is not checked here is who contributed to the powers: `snarkjs powersoftau verify` and a published hash say that.

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use rayon::prelude::*;

use super::verify::combine;
use super::{random_weights, refused, same_ratio, CeremonyError};
use crate::control::Control;
use crate::curve::PointBytes;
use crate::field::{Field, Fq2, Fr};
use crate::formats::{points, ptau::PtauView, G1_BYTES, G2_BYTES};
use crate::groups::{first_defect_g2, TRIALS};
use crate::msm::full_msm;
use crate::ntt::{bit_reverse, Domain};

/// Checks all points of the file. Uses the calling thread's rayon pool.
pub fn check_powers(file: &str, ptau: &PtauView<'_>, control: &Control<'_>) -> Result<(), CeremonyError> {
    control.stage(0.0, "points in G1")?;
    for (section, table) in ptau.g1_sections() {
        control.check()?;
        check_g1(file, section, table)?;
    }
    control.stage(0.2, "points in G2")?;
    for (section, table) in ptau.g2_sections() {
        control.check()?;
        check_g2(file, section, table)?;
    }

    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let first_g1 = |table: &[u8], index: usize| point_g1(&table[index * G1_BYTES..]);
    let first_g2 = |table: &[u8], index: usize| point_g2(&table[index * G2_BYTES..]);
    if first_g1(ptau.tau_g1, 0) != g1 || first_g2(ptau.tau_g2, 0) != g2 {
        return Err(refused(file, "its powers of tau do not begin with the generators"));
    }
    let (tau_1, tau_2) = (first_g1(ptau.tau_g1, 1), first_g2(ptau.tau_g2, 1));
    let alpha_1 = first_g1(ptau.alpha_tau_g1, 0);
    let (beta_1, beta_2) = (first_g1(ptau.beta_tau_g1, 0), first_g2(ptau.beta_g2, 0));
    if !same_ratio((g1, tau_1), (g2, tau_2)) || !same_ratio((g1, beta_1), (g2, beta_2)) {
        return Err(refused(file, "tau or beta is another number in G1 than in G2"));
    }
    let is_public = |point: G1Affine| point == g1 || point == -g1;
    if alpha_1.is_zero() || is_public(alpha_1) || is_public(beta_1) {
        return Err(refused(file, "alpha or beta is 0, 1 or -1: nobody contributed to these powers"));
    }
    // 1 and -1 are the first roots of unity; in a domain that tau is an element of, a key's divisor is 0.
    if (0..=ptau.power).any(|level| is_public(first_g1(ptau.tau_g1, 1 << level))) {
        return Err(refused(file, "tau is 0 or a root of unity: nobody contributed to these powers"));
    }
    // The rest of the record is its contributors' own proof; this much ties it to these powers.
    let left = [
        &ptau.tau_g1[G1_BYTES..2 * G1_BYTES],
        &ptau.tau_g2[G2_BYTES..2 * G2_BYTES],
        &ptau.alpha_tau_g1[..G1_BYTES],
        &ptau.beta_tau_g1[..G1_BYTES],
        ptau.beta_g2,
    ];
    if ptau.last_contribution.is_some_and(|last| last != left) {
        return Err(refused(file, "its powers are not those that its last contribution left"));
    }

    control.stage(0.4, "powers in G1")?;
    for (what, table) in [("tau", ptau.tau_g1), ("alpha tau", ptau.alpha_tau_g1), ("beta tau", ptau.beta_tau_g1)] {
        control.check()?;
        let weights = random_weights(table.len() / G1_BYTES - 1)?;
        let ends = (combine(&table[..table.len() - G1_BYTES], &weights), combine(&table[G1_BYTES..], &weights));
        if !same_ratio(ends, (g2, tau_2)) {
            return Err(refused(file, format!("its points {what} are not the powers of one tau")));
        }
    }
    control.stage(0.6, "powers in G2")?;
    {
        let table = ptau.tau_g2;
        let weights = random_weights(table.len() / G2_BYTES - 1)?;
        let ends = (combine_g2(&table[..table.len() - G2_BYTES], &weights), combine_g2(&table[G2_BYTES..], &weights));
        if !same_ratio((g1, tau_1), ends) {
            return Err(refused(file, "its points tau in G2 are not the powers of one tau"));
        }
    }

    control.stage(0.75, "Lagrange bases")?;
    let inconsistent = |what: &str| refused(file, format!("its Lagrange basis {what} is not that of its powers"));
    let bases = [
        ("tau in G1", ptau.lagrange_tau_g1_all(), ptau.tau_g1, ptau.power + 1),
        ("alpha tau in G1", ptau.lagrange_alpha_tau_g1_all(), ptau.alpha_tau_g1, ptau.power),
        ("beta tau in G1", ptau.lagrange_beta_tau_g1_all(), ptau.beta_tau_g1, ptau.power),
    ];
    for (what, bases, powers, top) in bases {
        control.check()?;
        let (values, coefficients) = random_polynomials(top, powers.len() / G1_BYTES)?;
        if combine(bases, &values) != combine(powers, &coefficients) {
            return Err(inconsistent(what));
        }
    }
    let (values, coefficients) = random_polynomials(ptau.power, ptau.tau_g2.len() / G2_BYTES)?;
    if combine_g2(ptau.lagrange_tau_g2_all(), &values) != combine_g2(ptau.tau_g2, &coefficients) {
        return Err(inconsistent("tau in G2"));
    }
    Ok(())
}

/// For each domain 2^0 … 2^`top` random values on it, one after the other as a Lagrange section holds the bases; and the
/// coefficients of the sum of all those polynomials, the first `length`. (The largest basis in G1 is of a polynomial whose last
/// power the file has not; snarkjs takes it for infinity.)
fn random_polynomials(top: u32, length: usize) -> Result<(Vec<[u64; 4]>, Vec<[u64; 4]>), CeremonyError> {
    let values = random_weights((2usize << top) - 1)?;
    let mut sum = vec![Fr::ZERO; 1 << top];
    for level in 0..=top {
        let size = 1usize << level;
        let own = &values[size - 1..2 * size - 1];
        let mut coefficients: Vec<Fr> = (0..size).map(|i| Fr::from_canonical(own[bit_reverse(i, level)])).collect();
        Domain::new(level).to_coefficients(&mut coefficients);
        let factor = Fr::from_u64(size as u64).inverse();
        sum.par_iter_mut()
            .zip(&coefficients)
            .with_min_len(1024)
            .for_each(|(sum, value)| *sum = sum.add(&value.mul(&factor)));
    }
    sum.truncate(length);
    Ok((values, sum.par_iter().with_min_len(1024).map(|value| value.to_canonical()).collect()))
}

fn check_g1(file: &str, section: &'static str, table: &[u8]) -> Result<(), CeremonyError> {
    let infinity_allowed = section.starts_with("Lagrange");
    let bad = table.par_chunks_exact(G1_BYTES).enumerate().find_map_first(|(index, bytes)| {
        let point = points::g1(bytes.first_chunk()?);
        defect(point.map(|point| point.is_zero()), infinity_allowed).map(|reason| format!("point {index} {reason}"))
    });
    bad.map_or(Ok(()), |reason| Err(refused(file, format!("section {section}: {reason}"))))
}

fn check_g2(file: &str, section: &'static str, table: &[u8]) -> Result<(), CeremonyError> {
    let infinity_allowed = section.starts_with("Lagrange");
    let bad = first_defect_g2(table, TRIALS, |point| defect(point.map(|point| point.is_zero()), infinity_allowed));
    bad.map_or(Ok(()), |reason| Err(refused(file, format!("section {section}: {reason}"))))
}

fn defect(point: Result<bool, points::PointDefect>, infinity_allowed: bool) -> Option<&'static str> {
    match point {
        Err(defect) => Some(defect.reason()),
        Ok(true) if !infinity_allowed => Some("is the point at infinity"),
        Ok(_) => None,
    }
}

fn combine_g2(points: &[u8], weights: &[[u64; 4]]) -> G2Affine {
    let mut bytes = [0; G2_BYTES];
    full_msm(&PointBytes::<Fq2>::new(points), weights).to_affine().write(&mut bytes);
    points::g2(&bytes).unwrap_or_default()
}

fn point_g1(bytes: &[u8]) -> G1Affine {
    bytes.first_chunk().and_then(|bytes| points::g1(bytes).ok()).unwrap_or_default()
}

fn point_g2(bytes: &[u8]) -> G2Affine {
    bytes.first_chunk().and_then(|bytes| points::g2(bytes).ok()).unwrap_or_default()
}
