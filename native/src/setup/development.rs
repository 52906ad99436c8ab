//! Keys for development: all of a trusted setup's secrets are drawn here, used once and wiped. Whoever ran this process
//! could have kept them and forge proofs, so these keys are for one's own machine.
//!
//! With tau known, a key is a list of multiples of the two generators: L_i(tau) for each row by one batched inversion,
//! one pass over the constraints for each wire's polynomials at tau, then fixed-base multiplication.
//!
//! The trap: every scalar here gives tau away, the Lagrange values as much as tau itself. All are wiped.

use super::fixed_base::FixedBase;
use super::zkey_writer::{Sizes, ZkeyWriter};
use super::{log_domain, KeySink, SetupError};
use crate::control::Control;
use crate::curve::{Affine, CurveField, G1Affine, G2Affine};
use crate::field::{batch_inverse, limbs_from_bytes, Field, FpParams, Fq, Fq2, Fr, FrParams};
use crate::formats::r1cs::{Constraint, LinearCombination};
use crate::formats::R1csView;
use crate::ntt::root_of_unity;
use blake2::{Blake2b512, Digest};
use rayon::prelude::*;
use zeroize::{Zeroize, Zeroizing};

/// A setup's secrets; gamma is one, as in every key that snarkjs makes.
struct Toxic {
    tau: Fr,
    alpha: Fr,
    beta: Fr,
    delta: Fr,
}

impl Toxic {
    fn draw(log_domain: u32) -> Result<Self, SetupError> {
        let draw = || -> Result<Fr, SetupError> {
            loop {
                let mut bytes = Zeroizing::new([0u8; 64]);
                getrandom::fill(&mut *bytes).map_err(SetupError::Randomness)?;
                let value = Fr::from_uniform_bytes(&bytes);
                if !value.is_zero() {
                    return Ok(value);
                }
            }
        };
        let mut toxic = Self { tau: draw()?, alpha: draw()?, beta: draw()?, delta: draw()? };
        // Lagrange values divide by tau minus a root of unity.
        while toxic.tau.pow(&[2 << log_domain]) == Fr::ONE {
            toxic.tau = draw()?;
        }
        Ok(toxic)
    }
}

impl Drop for Toxic {
    fn drop(&mut self) {
        for secret in [&mut self.tau, &mut self.alpha, &mut self.beta, &mut self.delta] {
            secret.zeroize();
        }
    }
}

/// Makes a key for `r1cs` from fresh randomness and writes it to `out`. Uses the calling thread's rayon pool.
pub fn setup_development(r1cs: &R1csView<'_>, out: &mut dyn KeySink, control: &Control<'_>) -> Result<(), SetupError> {
    control.stage(0.0, "polynomials at tau")?;
    let log_size = log_domain(r1cs)?;
    let toxic = Toxic::draw(log_size)?;
    let scalars = KeyScalars::new(r1cs, log_size, &toxic);
    let g1_count = scalars.a.len() + scalars.b.len() + scalars.ic.len() + scalars.c.len() + scalars.h.len();

    control.stage(0.1, "tables of multiples")?;
    let (g1, g2) = rayon::join(
        || FixedBase::<Fq>::new(G1Affine::generator(), g1_count),
        || FixedBase::<Fq2>::new(G2Affine::generator(), scalars.b.len()),
    );

    let mut out = HashedWriter { file: ZkeyWriter::create(out)?, hash: Blake2b512::new() };
    let sizes = Sizes { n_vars: r1cs.n_wires, n_public: r1cs.n_public(), domain_size: 1 << log_size };
    let (alpha, beta, delta) = (toxic.alpha.to_canonical(), toxic.beta.to_canonical(), toxic.delta.to_canonical());
    let mut points = Vec::new();
    push(&mut points, &g1.multiply(&alpha));
    push(&mut points, &g1.multiply(&beta));
    push(&mut points, &g2.multiply(&beta));
    push(&mut points, &G2Affine::generator());
    push(&mut points, &g1.multiply(&delta));
    push(&mut points, &g2.multiply(&delta));
    out.file.header(&sizes, &points)?;
    out.hash.update(&points);
    out.file.coefficients(r1cs)?;

    control.stage(0.2, "points")?;
    out.points(3, &g1, &scalars.ic, control)?;
    out.points(9, &g1, &scalars.h, control)?;
    control.stage(0.4, "points")?;
    out.points(8, &g1, &scalars.c, control)?;
    out.points(5, &g1, &scalars.a, control)?;
    control.stage(0.6, "points")?;
    out.points(6, &g1, &scalars.b, control)?;
    out.points(7, &g2, &scalars.b, control)?;
    let HashedWriter { mut file, hash } = out;
    file.contributions(&hash.finalize().into())?;
    control.stage(0.99, "closing the file")?;
    file.finish()
}

fn push<F: CurveField>(out: &mut Vec<u8>, point: &Affine<F>) {
    let start = out.len();
    out.resize(start + Affine::<F>::BYTES, 0);
    point.write(&mut out[start..]);
}

/// The file, and a hash over all its points that names the key.
struct HashedWriter<'o> {
    file: ZkeyWriter<'o>,
    hash: Blake2b512,
}

impl HashedWriter<'_> {
    fn points<F: CurveField>(
        &mut self,
        section: u32,
        base: &FixedBase<F>,
        scalars: &[[u64; 4]],
        control: &Control<'_>,
    ) -> Result<(), SetupError> {
        /// Points in memory at a time.
        const PART: usize = 1 << 16;
        let hash = &mut self.hash;
        self.file.section(section, |file| {
            let mut bytes = Vec::new();
            for part in scalars.chunks(PART) {
                control.check()?;
                bytes.resize(part.len() * Affine::<F>::BYTES, 0);
                base.multiply_into(part, &mut bytes);
                let (_, written) = rayon::join(|| hash.update(&bytes), || file.write(&bytes));
                written?;
            }
            Ok(())
        })
    }
}

/// The discrete logarithms of a key's points, canonical.
struct KeyScalars {
    a: Zeroizing<Vec<[u64; 4]>>,
    b: Zeroizing<Vec<[u64; 4]>>,
    ic: Zeroizing<Vec<[u64; 4]>>,
    c: Zeroizing<Vec<[u64; 4]>>,
    h: Zeroizing<Vec<[u64; 4]>>,
}

impl KeyScalars {
    fn new(r1cs: &R1csView<'_>, log_size: u32, toxic: &Toxic) -> Self {
        let (lagrange, odd) = rayon::join(
            || lagrange_values(log_size, Fr::ONE, &root_of_unity(log_size), &toxic.tau),
            || odd_lagrange_values(log_size, &toxic.tau),
        );
        let evaluate = |of: Matrix| wire_values(r1cs, &lagrange, of);
        let (mut a, (b, mut c)) =
            rayon::join(|| evaluate(|row| row.a), || rayon::join(|| evaluate(|row| row.b), || evaluate(|row| row.c)));
        let public = r1cs.n_public() as usize + 1;
        for (wire, value) in a.iter_mut().take(public).enumerate() {
            *value = value.add(&lagrange[r1cs.n_constraints as usize + wire]);
        }

        let over_delta = Zeroizing::new(toxic.delta.inverse());
        c.par_iter_mut().with_min_len(1024).enumerate().for_each(|(wire, value)| {
            *value = value.add(&a[wire].mul(&toxic.beta)).add(&b[wire].mul(&toxic.alpha));
            if wire >= public {
                *value = value.mul(&over_delta);
            }
        });
        let canonical = |values: &[Fr]| {
            Zeroizing::new(values.par_iter().with_min_len(1024).map(|v| v.to_canonical()).collect::<Vec<_>>())
        };
        let (ic, c) = (canonical(&c[..public]), canonical(&c[public..]));
        let h = Zeroizing::new(odd.par_iter().with_min_len(1024).map(|v| v.mul(&over_delta).to_canonical()).collect());
        Self { a: canonical(&a), b: canonical(&b), ic, c, h }
    }
}

/// Picks one of a row's combinations.
type Matrix = for<'a> fn(&Constraint<'a>) -> LinearCombination<'a>;

/// For every wire, the sum over rows of coefficient times L_row(tau).
fn wire_values(r1cs: &R1csView<'_>, lagrange: &[Fr], of: Matrix) -> Zeroizing<Vec<Fr>> {
    // Coefficients are canonical: one factor of R more makes their Montgomery product come out right.
    let r2 = Fr::from_montgomery(FrParams::R2);
    let mut values = Zeroizing::new(vec![Fr::ZERO; r1cs.n_wires as usize]);
    for (row, at_tau) in r1cs.constraints().zip(lagrange) {
        let combination = of(&row);
        if combination.is_empty() {
            continue;
        }
        let mut lifted = at_tau.mul(&r2);
        for (wire, coefficient) in combination.terms() {
            let term = Fr::from_montgomery(limbs_from_bytes(coefficient)).mul(&lifted);
            let value = &mut values[wire as usize];
            *value = value.add(&term);
        }
        lifted.zeroize();
    }
    values
}

/// L_i(tau) over shift * <root>, the cyclic group of order 2^log_size with generator root:
/// (tau^n / shift^n - 1) / n * x_i / (tau - x_i) with x_i = shift * root^i.
pub(super) fn lagrange_values(log_size: u32, shift: Fr, root: &Fr, tau: &Fr) -> Zeroizing<Vec<Fr>> {
    let size = 1u64 << log_size;
    let mut x = shift;
    let mut roots = Vec::with_capacity(size as usize);
    let mut values = Zeroizing::new(Vec::with_capacity(size as usize));
    for _ in 0..size {
        roots.push(x);
        values.push(tau.sub(&x));
        x = x.mul(root);
    }
    values.par_chunks_mut(1 << 12).for_each(batch_inverse);
    let over_shift = shift.pow(&[size]).inverse();
    let mut factor = tau.pow(&[size]).mul(&over_shift).sub(&Fr::ONE).mul(&Fr::from_u64(size).inverse());
    values.par_iter_mut().with_min_len(1024).zip(&roots).for_each(|(value, x)| *value = value.mul(x).mul(&factor));
    factor.zeroize();
    values
}

/// The Lagrange basis of the domain of twice the size at its odd points: on them, the even half's vanishing polynomial
/// tau^n - 1 is -2, so L^(2n)_(2i+1)(tau) = L_i over the coset times (tau^n - 1) / -2.
fn odd_lagrange_values(log_size: u32, tau: &Fr) -> Zeroizing<Vec<Fr>> {
    let root = root_of_unity(log_size + 1);
    let mut values = lagrange_values(log_size, root, &root.square(), tau);
    let mut factor = tau.pow(&[1 << log_size]).sub(&Fr::ONE).mul(&Fr::from_u64(2).neg().inverse());
    values.par_iter_mut().with_min_len(1024).for_each(|value| *value = value.mul(&factor));
    factor.zeroize();
    values
}
