//! Keys from a ceremony's powers of tau, byte for byte those of `snarkjs groth16 setup` (snarkjs `src/zkey_new.js`), so
//! that its contributions, beacons and verification go on from here.
//!
//! The trap: the circuit's hash. It covers the points in an order of its own (IC, H, C, A, B1, B2), the quotient's as
//! tau^(i + n) - tau^i, and in domains above 2^14 snarkjs hashes one difference more than it means to. If the file holds
//! no further power, its last minuend is whatever follows the section, and so it is here (`unreduced`).

use super::sparse_sums::{sparse_sums, MultiplesTable, Term};
use super::zkey_writer::{Sizes, ZkeyWriter};
use super::{log_domain, unreduced, KeySink, SetupError};
use crate::control::Control;
use crate::curve::batch::{add_many, Products};
use crate::curve::{Affine, CurveField, G1Affine, G2Affine, PointBytes, PointSource};
use crate::field::{limbs_from_bytes, Fq, Fq2};
use crate::formats::r1cs::LinearCombination;
use crate::formats::{PtauView, R1csView};
use blake2::{Blake2b512, Digest};
use rayon::prelude::*;

/// Points that snarkjs hashes together.
const HASH_CHUNK: usize = 1 << 14;

/// Makes the key that a ceremony's first contribution starts from and writes it to `out`. Uses the calling thread's
/// rayon pool.
pub fn setup_ceremony(
    r1cs: &R1csView<'_>,
    ptau: &PtauView<'_>,
    out: &mut dyn KeySink,
    control: &Control<'_>,
) -> Result<(), SetupError> {
    control.stage(0.0, "reading the circuit")?;
    let level = log_domain(r1cs)?;
    let too_few = || SetupError::PowersTooFew { needed: level, given: ptau.power };
    if level > ptau.power {
        return Err(too_few());
    }
    let tau_g1 = ptau.lagrange_tau_g1(level).ok_or_else(too_few)?;
    let tau_g2 = ptau.lagrange_tau_g2(level).ok_or_else(too_few)?;
    let alpha_g1 = ptau.lagrange_alpha_tau_g1(level).ok_or_else(too_few)?;
    let beta_g1 = ptau.lagrange_beta_tau_g1(level).ok_or_else(too_few)?;
    let twice = ptau.lagrange_tau_g1(level + 1).ok_or_else(too_few)?;

    let domain = 1usize << level;
    let (wires, public) = (r1cs.n_wires as usize, r1cs.n_public() as usize + 1);
    let matrices = Matrices::new(r1cs);
    // Rows that no constraint and no public wire fills need no table.
    let rows = r1cs.n_constraints as usize + public;
    let table = |bytes| MultiplesTable::<Fq>::new(&PointBytes::<Fq>::new(bytes), rows);

    control.stage(0.1, "points A and B")?;
    let tau_table = table(tau_g1);
    let a = sparse_sums(wires, &[(&matrices.a, &tau_table)]);
    let b1 = sparse_sums(wires, &[(&matrices.b, &tau_table)]);
    control.stage(0.3, "points B in G2")?;
    let b2 = {
        let table = MultiplesTable::<Fq2>::new(&PointBytes::<Fq2>::new(tau_g2), rows);
        sparse_sums(wires, &[(&matrices.b, &table)])
    };
    control.stage(0.6, "points C")?;
    let c = {
        let (alpha_table, beta_table) = (table(alpha_g1), table(beta_g1));
        let lists = [(&*matrices.a, &beta_table), (&*matrices.b, &alpha_table), (&*matrices.c, &tau_table)];
        sparse_sums(wires, &lists)
    };
    drop(tau_table);

    control.stage(0.9, "writing")?;
    let mut file = ZkeyWriter::create(out)?;
    let mut hash = CircuitHash(Blake2b512::new());
    let sizes = Sizes { n_vars: r1cs.n_wires, n_public: r1cs.n_public(), domain_size: 1 << level };
    let g1 = |bytes: &[u8]| G1Affine::read(&bytes[..G1Affine::BYTES]);
    let (alpha1, beta1) = (g1(ptau.alpha_tau_g1), g1(ptau.beta_tau_g1));
    let (beta2, gamma2) = (G2Affine::read(ptau.beta_g2), G2Affine::generator());
    let (delta1, delta2) = (G1Affine::generator(), G2Affine::generator());
    let mut header = stored(&[alpha1, beta1]);
    header.extend(stored(&[beta2, gamma2]));
    header.extend(stored(&[delta1]));
    header.extend(stored(&[delta2]));
    hash.points(&[alpha1, beta1]);
    hash.points(&[beta2, gamma2]);
    hash.points(&[delta1]);
    hash.points(&[delta2]);
    file.header(&sizes, &header)?;
    file.coefficients(r1cs)?;
    write_points(&mut file, &mut hash, 3, &c[..public])?;

    file.section(9, |file| {
        twice.chunks_exact(2 * G1Affine::BYTES).try_for_each(|pair| file.write(&pair[G1Affine::BYTES..]))
    })?;
    hash.count(domain - 1);
    for chunk in power_differences(ptau, domain) {
        control.check()?;
        hash.points(&chunk);
    }

    write_points(&mut file, &mut hash, 8, &c[public..])?;
    write_points(&mut file, &mut hash, 5, &a)?;
    write_points(&mut file, &mut hash, 6, &b1)?;
    write_points(&mut file, &mut hash, 7, &b2)?;
    file.contributions(&hash.0.finalize().into())?;
    control.stage(0.99, "closing the file")?;
    file.finish()
}

fn write_points<F: CurveField>(
    file: &mut ZkeyWriter<'_>,
    hash: &mut CircuitHash,
    section: u32,
    points: &[Affine<F>],
) -> Result<(), SetupError> {
    hash.count(points.len());
    hash.points(points);
    file.section(section, |file| points.chunks(HASH_CHUNK).try_for_each(|part| file.write(&stored(part))))
}

/// Points as the file stores them.
fn stored<F: CurveField>(points: &[Affine<F>]) -> Vec<u8> {
    let mut bytes = vec![0u8; points.len() * Affine::<F>::BYTES];
    for (slot, point) in bytes.chunks_exact_mut(Affine::<F>::BYTES).zip(points) {
        point.write(slot);
    }
    bytes
}

/// snarkjs's csHash: counts as big-endian words, points uncompressed.
struct CircuitHash(Blake2b512);

impl CircuitHash {
    fn count(&mut self, count: usize) {
        self.0.update((count as u32).to_be_bytes());
    }

    fn points<F: CurveField>(&mut self, points: &[Affine<F>]) {
        for part in points.chunks(HASH_CHUNK) {
            let mut bytes = vec![0u8; part.len() * Affine::<F>::BYTES];
            bytes
                .par_chunks_exact_mut(Affine::<F>::BYTES)
                .with_min_len(1 << 10)
                .zip(part)
                .for_each(|(slot, point)| point.write_uncompressed(slot));
            self.0.update(&bytes);
        }
    }
}

/// The points that stand for the quotient in the circuit's hash, chunk by chunk as snarkjs takes them.
fn power_differences<'a>(ptau: &'a PtauView<'_>, domain: usize) -> impl Iterator<Item = Vec<G1Affine>> + 'a {
    let chunk = HASH_CHUNK.min(domain - 1);
    let powers = PointBytes::<Fq>::new(ptau.tau_g1);
    (0..domain - 1).step_by(HASH_CHUNK).map(move |first| {
        let mut out = vec![Affine::INFINITY; chunk];
        let inside = chunk.min(powers.len() - domain - first);
        let pairs: Vec<_> = (first..first + inside).map(|i| (powers.get(i + domain), powers.get(i).neg())).collect();
        let get = |i: usize| (&pairs[i].0, &pairs[i].1);
        add_many(inside, get, |i, sum| out[i] = sum, &mut Products::default());
        if inside < chunk {
            let behind = ptau.after_tau_g1.unwrap_or(&[0; G1Affine::BYTES]);
            out[inside] = unreduced::difference(behind, &powers.get(first + inside));
        }
        out
    })
}

/// A circuit's three matrices as terms.
struct Matrices {
    a: Vec<Term>,
    b: Vec<Term>,
    c: Vec<Term>,
}

impl Matrices {
    fn new(r1cs: &R1csView<'_>) -> Self {
        let mut matrices = Self { a: Vec::new(), b: Vec::new(), c: Vec::new() };
        for (row, constraint) in (0u32..).zip(r1cs.constraints()) {
            push_terms(&mut matrices.a, row, constraint.a);
            push_terms(&mut matrices.b, row, constraint.b);
            push_terms(&mut matrices.c, row, constraint.c);
        }
        for wire in 0..=r1cs.n_public() {
            matrices.a.push(Term::new(wire, r1cs.n_constraints + wire, [1, 0, 0, 0]));
        }
        matrices
    }
}

fn push_terms(out: &mut Vec<Term>, row: u32, combination: LinearCombination<'_>) {
    out.extend(combination.terms().map(|(wire, value)| Term::new(wire, row, limbs_from_bytes(value))));
}
