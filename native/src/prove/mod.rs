//! The Groth16 prover (Groth 2016, section 3.2) in the form snarkjs gives it: the quotient is handed over as values on
//! the odd coset of the domain, and section 9 of the key holds the Lagrange basis there with 1/Z folded in.
//!
//! Two strands run side by side on one thread pool: the witness's sums and the quotient with its sum; whichever thread
//! runs dry takes work from the other strand.

mod constraints;
mod quotient;
#[cfg(test)]
mod tests;

use crate::control::{Cancelled, Control};
use crate::curve::{Affine, G1Affine, G2Affine, PointBytes, PointSource, G1, G2};
use crate::field::{limbs_from_bytes, Field, Fq, Fq2, Fr};
use crate::formats::ZkeyView;
use crate::msm::{full_msm, witness_msm, ClassifiedWitness};
use crate::ntt::{bit_reverse, Domain};
use crate::verify::Proof;
pub use constraints::CoefficientError;
use constraints::Rows;
use rayon::prelude::*;
use thiserror::Error;
use zeroize::Zeroize;

/// Why there is no proof.
#[derive(Debug, Error)]
pub enum ProveError {
    #[error("the witness has {given} values, the key is for {expected} wires")]
    WitnessLength { expected: u32, given: usize },
    #[error("wire {0} of the witness is not below the field's prime")]
    WitnessValue(usize),
    #[error(transparent)]
    Coefficients(#[from] CoefficientError),
    #[error("the operating system gave no randomness: {0}")]
    Randomness(getrandom::Error),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What is derived from a key once and serves all its proofs. Belongs to the key it was made from.
pub struct Prepared {
    domain: Domain,
    rows: Rows,
    /// Section 9 with base bitrev(i) in place i, each in one cache line: a multiplication visits them in random order.
    points_h: Vec<G1Affine>,
}

impl Prepared {
    /// Checks the coefficient records' indices on the way. Uses the calling thread's rayon pool.
    pub fn new(key: &ZkeyView<'_>) -> Result<Self, CoefficientError> {
        let bits = key.domain_size.ilog2();
        let (rows, (domain, points_h)) = rayon::join(
            || Rows::new(key),
            || rayon::join(|| Domain::new(bits), || in_bit_reversed_order(key.points_h, bits)),
        );
        Ok(Self { domain, rows: rows?, points_h })
    }
}

fn in_bit_reversed_order(points: &[u8], bits: u32) -> Vec<G1Affine> {
    let points = PointBytes::<Fq>::new(points);
    (0..points.len()).into_par_iter().with_min_len(1 << 10).map(|i| points.get(bit_reverse(i, bits))).collect()
}

/// Proves that `witness` (canonical values of 32 bytes, little-endian, wire 0 first) satisfies the key's circuit. A
/// witness that does not satisfy it gives a proof that does not verify. Uses the calling thread's rayon pool.
pub fn prove(
    key: &ZkeyView<'_>,
    prepared: &Prepared,
    witness: &[u8],
    control: &Control<'_>,
) -> Result<Proof, ProveError> {
    prove_releasing(key, prepared, witness, control, &|_| {})
}

/// `prove` for a key that serves one proof: hands each section to `release` as soon as it is not needed any more, so that
/// the memory it is mapped to can be had back.
pub fn prove_once(
    key: &ZkeyView<'_>,
    witness: &[u8],
    control: &Control<'_>,
    release: &Release<'_>,
) -> Result<Proof, ProveError> {
    let prepared = Prepared::new(key)?;
    release(key.points_h);
    prove_releasing(key, &prepared, witness, control, release)
}

/// Takes bytes of a key that will not be read again.
pub type Release<'a> = dyn Fn(&[u8]) + Sync + 'a;

fn prove_releasing(
    key: &ZkeyView<'_>,
    prepared: &Prepared,
    witness: &[u8],
    control: &Control<'_>,
    release: &Release<'_>,
) -> Result<Proof, ProveError> {
    if witness.len() != 32 * key.n_vars as usize {
        return Err(ProveError::WitnessLength { expected: key.n_vars, given: witness.len() / 32 });
    }
    control.stage(0.0, "witness")?;
    let values: Vec<[u64; 4]> = witness.chunks_exact(32).map(limbs_from_bytes).collect();
    let classes = ClassifiedWitness::new(&values).map_err(ProveError::WitnessValue)?;

    let (sums, h) = rayon::join(
        || witness_sums(key, &classes, control, release),
        || {
            control.stage(0.1, "quotient")?;
            let scalars = quotient::coset_values(key, &prepared.rows, &prepared.domain, &values, control, release)?;
            control.stage(0.3, "multi-scalar multiplication")?;
            Ok::<_, Cancelled>(full_msm(prepared.points_h.as_slice(), &scalars))
        },
    );
    let (sums, h) = (sums?, h?);
    control.stage(0.95, "blinding")?;
    let mut blinding = Blinding::random()?;
    let proof = assemble(key, &sums, &h, &blinding);
    blinding.zeroize();
    Ok(proof)
}

struct WitnessSums {
    a: G1,
    b1: G1,
    b2: G2,
    c: G1,
}

fn witness_sums(
    key: &ZkeyView<'_>,
    witness: &ClassifiedWitness,
    control: &Control<'_>,
    release: &Release<'_>,
) -> Result<WitnessSums, Cancelled> {
    let g1 = |bytes, first| {
        control.check()?;
        let sum = witness_msm(&PointBytes::<Fq>::new(bytes), witness, first);
        release(bytes);
        Ok::<_, Cancelled>(sum)
    };
    let b2 = || {
        control.check()?;
        let sum = witness_msm(&PointBytes::<Fq2>::new(key.points_b2), witness, 0);
        release(key.points_b2);
        Ok::<_, Cancelled>(sum)
    };
    // One after the other: each is spread over all threads by itself, and together they would need their memory at once.
    let b2 = b2()?;
    let a = g1(key.points_a, 0)?;
    let b1 = g1(key.points_b1, 0)?;
    let c = g1(key.points_c, key.n_public + 1)?;
    Ok(WitnessSums { a, b1, b2, c })
}

/// r and s, which make a proof independent of its witness.
#[derive(Zeroize)]
struct Blinding {
    r: Fr,
    s: Fr,
}

impl Blinding {
    fn random() -> Result<Self, ProveError> {
        Ok(Self { r: random_scalar()?, s: random_scalar()? })
    }
}

fn random_scalar() -> Result<Fr, ProveError> {
    let mut bytes = [0u8; 64];
    getrandom::fill(&mut bytes).map_err(ProveError::Randomness)?;
    let scalar = Fr::from_uniform_bytes(&bytes);
    bytes.zeroize();
    Ok(scalar)
}

/// A = alpha + a + r delta, B = beta + b + s delta, C = c + h + s A + r B1 - r s delta.
fn assemble(key: &ZkeyView<'_>, sums: &WitnessSums, h: &G1, blinding: &Blinding) -> Proof {
    let Blinding { r, s } = blinding;
    let delta = G1::from(G1Affine::read(key.delta_g1));
    let delta_g2 = G2::from(G2Affine::read(key.delta_g2));
    let a = sums.a.add_affine(&Affine::read(key.alpha_g1)).add(&delta.times(&r.to_canonical()));
    let b2 = sums.b2.add_affine(&Affine::read(key.beta_g2)).add(&delta_g2.times(&s.to_canonical()));
    let b1 = sums.b1.add_affine(&Affine::read(key.beta_g1)).add(&delta.times(&s.to_canonical()));
    let c = sums
        .c
        .add(h)
        .add(&a.times(&s.to_canonical()))
        .add(&b1.times(&r.to_canonical()))
        .add(&delta.times(&r.mul(s).neg().to_canonical()));
    Proof { a: to_ark_g1(&a.to_affine()), b: to_ark_g2(&b2.to_affine()), c: to_ark_g1(&c.to_affine()) }
}

/// Both libraries keep the same Montgomery limbs.
fn to_ark_fq(x: &Fq) -> ark_bn254::Fq {
    ark_bn254::Fq::new_unchecked(ark_ff::BigInt(x.0))
}

fn to_ark_fq2(x: &Fq2) -> ark_bn254::Fq2 {
    ark_bn254::Fq2::new(to_ark_fq(&x.c0), to_ark_fq(&x.c1))
}

fn to_ark_g1(p: &G1Affine) -> ark_bn254::G1Affine {
    if p.is_infinity() {
        return ark_bn254::G1Affine::identity();
    }
    ark_bn254::G1Affine::new_unchecked(to_ark_fq(&p.x), to_ark_fq(&p.y))
}

fn to_ark_g2(p: &G2Affine) -> ark_bn254::G2Affine {
    if p.is_infinity() {
        return ark_bn254::G2Affine::identity();
    }
    ark_bn254::G2Affine::new_unchecked(to_ark_fq2(&p.x), to_ark_fq2(&p.y))
}
