//! Groth16 verification: e(A, B) = e(alpha, beta) · e(sum x_j IC_j, gamma) · e(C, delta) (Groth 2016, section 3.2), for
//! one proof or for many at once by a random linear combination (small exponents: Bellare, Garay, Rabin, "Fast batch
//! verification for modular exponentiation and digital signatures", EUROCRYPT 1998).
//!
//! The trap: a batch's weights must be unpredictable to whoever made the proofs and drawn after them, or two wrong
//! proofs can cancel. They come from the operating system, 128 bits each.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{One, PrimeField, Zero};
use thiserror::Error;

use crate::formats::points::{self, PointDefect};
use crate::formats::{FormatError, ZkeyView, G1_BYTES};

/// What a verifier needs to know; every point checked by whoever made the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    pub alpha_g1: G1Affine,
    pub beta_g2: G2Affine,
    pub gamma_g2: G2Affine,
    pub delta_g2: G2Affine,
    /// One more than there are public signals.
    pub ic: Vec<G1Affine>,
}

/// A proof whose points are in their groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub a: G1Affine,
    pub b: G2Affine,
    pub c: G1Affine,
}

/// Why no answer could be given.
#[derive(Debug, Error)]
pub enum VerifyError {
    #[error("{given} public signals, the verification key is for {expected}")]
    PublicCount { expected: usize, given: usize },
    #[error("the operating system gave no randomness: {0}")]
    Randomness(getrandom::Error),
}

impl VerifyingKey {
    /// The public half of a proving key.
    pub fn from_zkey(file: &str, key: &ZkeyView<'_>) -> Result<Self, FormatError> {
        let fault = |what: &str, defect: PointDefect| key.point_error(file, what, defect);
        let (ic, _) = key.ic.as_chunks::<G1_BYTES>();
        Ok(Self {
            alpha_g1: points::g1(key.alpha_g1).map_err(|defect| fault("alpha in G1", defect))?,
            beta_g2: points::g2(key.beta_g2).map_err(|defect| fault("beta in G2", defect))?,
            gamma_g2: points::g2(key.gamma_g2).map_err(|defect| fault("gamma in G2", defect))?,
            delta_g2: points::g2(key.delta_g2).map_err(|defect| fault("delta in G2", defect))?,
            ic: ic
                .iter()
                .map(|bytes| points::g1(bytes).map_err(|defect| fault("an IC point", defect)))
                .collect::<Result<_, _>>()?,
        })
    }

    fn check_count(&self, signals: &[Fr]) -> Result<(), VerifyError> {
        if signals.len() + 1 == self.ic.len() {
            return Ok(());
        }
        Err(VerifyError::PublicCount { expected: self.ic.len().saturating_sub(1), given: signals.len() })
    }
}

/// Whether `proof` shows the statement with these public signals.
pub fn verify(key: &VerifyingKey, signals: &[Fr], proof: &Proof) -> Result<bool, VerifyError> {
    key.check_count(signals)?;
    let mut scalars = vec![Fr::one()];
    scalars.extend_from_slice(signals);
    Ok(equation_holds(key, &[(proof.a.into_group(), proof.b)], &scalars, proof.c.into_group()))
}

/// Positions of the proofs that do not verify; none if all do. Costs one pairing a proof instead of four, and single
/// verifications only where the combination fails.
pub fn verify_batch(key: &VerifyingKey, items: &[(Vec<Fr>, Proof)]) -> Result<Vec<usize>, VerifyError> {
    for (signals, _) in items {
        key.check_count(signals)?;
    }
    if items.is_empty() || combination_holds(key, items)? {
        return Ok(Vec::new());
    }
    let mut invalid = Vec::new();
    for (index, (signals, proof)) in items.iter().enumerate() {
        if !verify(key, signals, proof)? {
            invalid.push(index);
        }
    }
    Ok(invalid)
}

fn combination_holds(key: &VerifyingKey, items: &[(Vec<Fr>, Proof)]) -> Result<bool, VerifyError> {
    let mut scalars = vec![Fr::zero(); key.ic.len()];
    let mut pairs = Vec::with_capacity(items.len() + 3);
    let mut c_sum = G1Projective::zero();
    for (signals, proof) in items {
        let weight = random_weight()?;
        scalars[0] += weight;
        for (sum, signal) in scalars[1..].iter_mut().zip(signals) {
            *sum += weight * signal;
        }
        pairs.push((proof.a * weight, proof.b));
        c_sum += proof.c * weight;
    }
    Ok(equation_holds(key, &pairs, &scalars, c_sum))
}

/// prod e(A_i, B_i) = e(scalars[0] alpha, beta) · e(sum scalars_j IC_j, gamma) · e(C, delta)
fn equation_holds(key: &VerifyingKey, ab: &[(G1Projective, G2Affine)], scalars: &[Fr], c: G1Projective) -> bool {
    let bigints: Vec<_> = scalars.iter().map(|s| s.into_bigint()).collect();
    let public = G1Projective::msm_bigint(&key.ic, &bigints);
    let mut left: Vec<G1Projective> = ab.iter().map(|(a, _)| -*a).collect();
    left.extend([key.alpha_g1 * scalars[0], public, c]);
    let left = G1Projective::normalize_batch(&left);
    let right = ab.iter().map(|(_, b)| *b).chain([key.beta_g2, key.gamma_g2, key.delta_g2]);
    Bn254::multi_pairing(left, right).is_zero()
}

fn random_weight() -> Result<Fr, VerifyError> {
    let mut bytes = [0u8; 16];
    loop {
        getrandom::fill(&mut bytes).map_err(VerifyError::Randomness)?;
        let weight = u128::from_le_bytes(bytes);
        if weight != 0 {
            return Ok(Fr::from(weight));
        }
    }
}
