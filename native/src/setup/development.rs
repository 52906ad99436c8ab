//! Keys for development: all of a trusted setup's secrets are drawn here, used once and wiped. Whoever ran this process
//! could have kept them and forge proofs, so these keys are for one's own machine.
//!
//! With tau known, a key is a list of multiples of the two generators: L_i(tau) for each row by one batched inversion,
//! one pass over the constraints for each wire's polynomials at tau, then fixed-base multiplication.
//!
//! The trap: every scalar here gives tau away, the Lagrange values as much as tau itself. All are wiped.

use super::fixed_base::FixedBase;
use super::rows::{CircuitSizes, RowReader, RowSource};
use super::wire_sums::WireSums;
use super::zkey_writer::{Sizes, ZkeyWriter};
use super::{log_domain, KeySink, SetupError};
use crate::control::{Cancelled, Control};
use crate::curve::{Affine, CurveField, G1Affine, G2Affine};
use crate::field::{batch_inverse, Field, Fq, Fq2, Fr};
use crate::ntt::root_of_unity;
use blake2::{Blake2b512, Digest};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::{Zeroize, Zeroizing};

/// A setup's secrets; gamma is one, as in every key that snarkjs makes.
pub(super) struct Toxic {
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

    /// Secrets that everybody knows.
    #[cfg(test)]
    pub(super) fn from_numbers([tau, alpha, beta, delta]: [u64; 4]) -> Self {
        let [tau, alpha, beta, delta] = [tau, alpha, beta, delta].map(Fr::from_u64);
        Self { tau, alpha, beta, delta }
    }
}

impl Drop for Toxic {
    fn drop(&mut self) {
        for secret in [&mut self.tau, &mut self.alpha, &mut self.beta, &mut self.delta] {
            secret.zeroize();
        }
    }
}

/// Makes a key for a circuit from fresh randomness and writes it to `out`. Uses the calling thread's rayon pool.
pub fn setup_development(
    rows: &mut dyn RowSource,
    out: &mut dyn KeySink,
    control: &Control<'_>,
) -> Result<(), SetupError> {
    let toxic = Toxic::draw(log_domain(&rows.sizes())?)?;
    write_key(rows, &toxic, out, control)
}

/// The key that these secrets make.
pub(super) fn write_key(
    rows: &mut dyn RowSource,
    toxic: &Toxic,
    out: &mut dyn KeySink,
    control: &Control<'_>,
) -> Result<(), SetupError> {
    control.stage(0.0, "tables of multiples")?;
    let sizes = rows.sizes();
    let log_size = log_domain(&sizes)?;
    let wires = sizes.n_wires as usize;
    let (g1, g2) = rayon::join(
        || FixedBase::<Fq>::new(G1Affine::generator(), 3 * wires + (1 << log_size)),
        || FixedBase::<Fq2>::new(G2Affine::generator(), wires),
    );

    let mut out = HashedWriter { file: ZkeyWriter::create(out)?, hash: Blake2b512::new() };
    let key_sizes = Sizes { n_vars: sizes.n_wires, n_public: sizes.n_public, domain_size: 1 << log_size };
    let (alpha, beta, delta) = (toxic.alpha.to_canonical(), toxic.beta.to_canonical(), toxic.delta.to_canonical());
    let mut points = Vec::new();
    push(&mut points, &g1.multiply(&alpha));
    push(&mut points, &g1.multiply(&beta));
    push(&mut points, &g2.multiply(&beta));
    push(&mut points, &G2Affine::generator());
    push(&mut points, &g1.multiply(&delta));
    push(&mut points, &g2.multiply(&delta));
    out.file.header(&key_sizes, &points)?;
    out.hash.update(&points);
    let (sums, h) = sums_and_quotient(rows, &mut out.file, &g1, toxic, control)?;
    let scalars = KeyScalars::new(sums, &sizes, toxic);

    control.stage(0.5, "points")?;
    out.points(3, &g1, &scalars.ic, control)?;
    out.bytes(9, &h)?;
    drop(h);
    out.points(8, &g1, &scalars.c, control)?;
    control.stage(0.6, "points")?;
    let mut points = multiples(&g1, &scalars.a, || control.check())?;
    out.bytes(5, &points)?;
    control.stage(0.7, "points")?;
    update_multiples(&g1, &scalars.a, &scalars.b, &mut points, control)?;
    out.bytes(6, &points)?;
    drop(points);
    control.stage(0.75, "points")?;
    out.points(7, &g2, &scalars.b, control)?;
    let HashedWriter { mut file, hash } = out;
    file.contributions(&hash.finalize().into())?;
    control.stage(0.99, "closing the file")?;
    file.finish()
}

/// Polynomials of the three matrices at tau, for each wire; in A with the rows that bind public wires.
struct SumsAtTau {
    a: Zeroizing<Vec<Fr>>,
    b: Zeroizing<Vec<Fr>>,
    c: Zeroizing<Vec<Fr>>,
}

/// Reads all rows, and meanwhile makes the quotient's points, which no row has a part in: rows come from one thread, and
/// the others have time.
fn sums_and_quotient(
    rows: &mut dyn RowSource,
    file: &mut ZkeyWriter<'_>,
    g1: &FixedBase<Fq>,
    toxic: &Toxic,
    control: &Control<'_>,
) -> Result<(SumsAtTau, Vec<u8>), SetupError> {
    let log_size = log_domain(&rows.sizes())?;
    let mut quotient = Ok(Vec::new());
    let (made, failed) = (&mut quotient, &AtomicBool::new(false));
    let sums = rayon::in_place_scope(|scope| {
        let go_on = || if failed.load(Ordering::Relaxed) { Err(Cancelled) } else { control.check() };
        scope.spawn(move |_| *made = multiples(g1, &quotient_scalars(toxic, log_size), go_on));
        let sums = sums_at_tau(rows, file, toxic, log_size, control);
        failed.store(sums.is_err(), Ordering::Relaxed);
        sums
    })?;
    Ok((sums, quotient?))
}

/// L_(2i+1)(tau) / delta over the domain of twice the size.
fn quotient_scalars(toxic: &Toxic, log_size: u32) -> Zeroizing<Vec<Fr>> {
    let over_delta = Zeroizing::new(toxic.delta.inverse());
    let mut scalars = odd_lagrange_values(log_size, &toxic.tau);
    scalars.par_iter_mut().with_min_len(1024).for_each(|value| *value = value.mul(&over_delta));
    scalars
}

/// Reads all rows: sums them, and writes A and B to the file as it goes.
fn sums_at_tau(
    rows: &mut dyn RowSource,
    file: &mut ZkeyWriter<'_>,
    toxic: &Toxic,
    log_size: u32,
    control: &Control<'_>,
) -> Result<SumsAtTau, SetupError> {
    control.stage(0.05, "polynomials at tau")?;
    let sizes = rows.sizes();
    let lagrange = lagrange_values(log_size, Fr::ONE, &root_of_unity(log_size), &toxic.tau);
    let [mut a, mut b, mut c] = [(); 3].map(|()| WireSums::new(sizes.n_wires as usize));
    file.coefficients(&sizes, |section| -> Result<(), SetupError> {
        let mut reader = RowReader::new(rows)?;
        loop {
            control.stage(0.1 + 0.4 * reader.share(), "polynomials at tau")?;
            let Some((first, batch)) = reader.next(control)? else { return Ok(()) };
            // On this thread: it takes no longer than making the rows does, and the pool is busy with points.
            section.take(first, &batch)?;
            for (sums, rows) in [(&mut a, batch.a), (&mut b, batch.b), (&mut c, batch.c)] {
                sums.add(rows, &lagrange[first..], batch.coefficients);
            }
        }
    })?;
    let mut a = a.reduce();
    let binding = &lagrange[sizes.n_constraints as usize..];
    for (value, at_tau) in a.iter_mut().zip(binding).take(sizes.n_public as usize + 1) {
        *value = value.add(at_tau);
    }
    Ok(SumsAtTau { a, b: b.reduce(), c: c.reduce() })
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
        scalars: &[Fr],
        control: &Control<'_>,
    ) -> Result<(), SetupError> {
        let hash = &mut self.hash;
        self.file.section(section, |file| {
            for part in scalars.chunks(PART) {
                let bytes = multiples(base, part, || control.check())?;
                let (_, written) = rayon::join(|| hash.update(&bytes), || file.write(&bytes));
                written?;
            }
            Ok(())
        })
    }

    /// A section of points that are there.
    fn bytes(&mut self, section: u32, bytes: &[u8]) -> Result<(), SetupError> {
        let (hash, file) = (&mut self.hash, &mut self.file);
        let (_, written) = rayon::join(|| hash.update(bytes), || file.section(section, |file| file.write(bytes)));
        written
    }
}

/// Points that are made at a time.
const PART: usize = 1 << 16;

/// Multiples of a generator, in a key file's layout.
fn multiples<F: CurveField>(
    base: &FixedBase<F>,
    scalars: &[Fr],
    go_on: impl Fn() -> Result<(), Cancelled>,
) -> Result<Vec<u8>, SetupError> {
    let mut bytes = vec![0; scalars.len() * Affine::<F>::BYTES];
    let mut canonical = Zeroizing::new(Vec::with_capacity(PART.min(scalars.len())));
    for (scalars, bytes) in scalars.chunks(PART).zip(bytes.chunks_mut(PART * Affine::<F>::BYTES)) {
        go_on()?;
        canonical.clear();
        canonical.extend(scalars.iter().map(|scalar| scalar.to_canonical()));
        base.multiply_into(&canonical, bytes);
    }
    Ok(bytes)
}

/// Makes of the multiples by the scalars `old` those by `new`. Most wires are bits, which A and B have in the same rows
/// with the same coefficient: their points are the same.
fn update_multiples(
    base: &FixedBase<Fq>,
    old: &[Fr],
    new: &[Fr],
    points: &mut [u8],
    control: &Control<'_>,
) -> Result<(), SetupError> {
    let changed: Vec<usize> = (0..new.len()).filter(|&i| old[i] != new[i]).collect();
    for part in changed.chunks(PART) {
        let scalars = Zeroizing::new(part.iter().map(|&i| new[i]).collect::<Vec<_>>());
        let made = multiples(base, &scalars, || control.check())?;
        for (&i, point) in part.iter().zip(made.chunks_exact(G1Affine::BYTES)) {
            points[i * G1Affine::BYTES..][..G1Affine::BYTES].copy_from_slice(point);
        }
    }
    Ok(())
}

/// The discrete logarithms of a key's points.
struct KeyScalars {
    a: Zeroizing<Vec<Fr>>,
    b: Zeroizing<Vec<Fr>>,
    ic: Zeroizing<Vec<Fr>>,
    c: Zeroizing<Vec<Fr>>,
}

impl KeyScalars {
    fn new(sums: SumsAtTau, sizes: &CircuitSizes, toxic: &Toxic) -> Self {
        let SumsAtTau { a, b, mut c } = sums;
        let public = sizes.n_public as usize + 1;
        let over_delta = Zeroizing::new(toxic.delta.inverse());
        c.par_iter_mut().with_min_len(1024).enumerate().for_each(|(wire, value)| {
            *value = value.add(&a[wire].mul(&toxic.beta)).add(&b[wire].mul(&toxic.alpha));
            if wire >= public {
                *value = value.mul(&over_delta);
            }
        });
        let ic = Zeroizing::new(c.drain(..public).collect());
        Self { a, b, ic, c }
    }
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
