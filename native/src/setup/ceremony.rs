//! Keys from a ceremony's powers of tau, byte for byte those of `snarkjs groth16 setup` (snarkjs `src/zkey_new.js`), so
//! that its contributions, beacons and verification go on from here.
//!
//! The trap: the circuit's hash. It covers the points in an order of its own (IC, H, C, A, B1, B2), the quotient's as
//! tau^(i + n) - tau^i, and in domains above 2^14 snarkjs hashes one difference more than it means to. If the file holds
//! no further power, its last minuend is whatever follows the section, and so it is here (`unreduced`).

use super::rows::{Batch, Coefficient, RowReader, RowSource, SparseRows};
use super::sparse_sums::{add_sparse_sums, MultiplesTable};
use super::zkey_writer::{Sizes, ZkeyWriter};
use super::{log_domain, unreduced, KeySink, SetupError};
use crate::control::Control;
use crate::curve::batch::{add_many, Products};
use crate::curve::{Affine, CurveField, G1Affine, G2Affine, PointBytes, PointSource};
use crate::field::{Fq, Fq2};
use crate::formats::PtauView;
use blake2::{Blake2b512, Digest};
use rayon::prelude::*;

/// Points that snarkjs hashes together.
const HASH_CHUNK: usize = 1 << 14;

/// Makes the key that a ceremony's first contribution starts from and writes it to `out`. Uses the calling thread's
/// rayon pool.
pub fn setup_ceremony(
    rows: &mut dyn RowSource,
    ptau: &PtauView<'_>,
    out: &mut dyn KeySink,
    control: &Control<'_>,
) -> Result<(), SetupError> {
    control.stage(0.0, "reading the circuit")?;
    let sizes = rows.sizes();
    let level = log_domain(&sizes)?;
    let too_few = || SetupError::PowersTooFew { needed: level, given: ptau.power };
    if level > ptau.power {
        return Err(too_few());
    }
    let bases = LagrangeBases {
        tau_g1: ptau.lagrange_tau_g1(level).ok_or_else(too_few)?,
        tau_g2: ptau.lagrange_tau_g2(level).ok_or_else(too_few)?,
        alpha_g1: ptau.lagrange_alpha_tau_g1(level).ok_or_else(too_few)?,
        beta_g1: ptau.lagrange_beta_tau_g1(level).ok_or_else(too_few)?,
    };
    let twice = ptau.lagrange_tau_g1(level + 1).ok_or_else(too_few)?;
    let domain = 1usize << level;
    let public = sizes.n_public as usize + 1;

    let mut file = ZkeyWriter::create(out)?;
    let mut hash = CircuitHash(Blake2b512::new());
    let key_sizes = Sizes { n_vars: sizes.n_wires, n_public: sizes.n_public, domain_size: 1 << level };
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
    file.header(&key_sizes, &header)?;
    let WirePoints { a, b1, b2, c } = wire_points(rows, &mut file, &bases, control)?;

    control.stage(0.9, "writing")?;
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

/// L_i(tau), also times alpha and beta, as points in a file's layout.
struct LagrangeBases<'a> {
    tau_g1: &'a [u8],
    tau_g2: &'a [u8],
    alpha_g1: &'a [u8],
    beta_g1: &'a [u8],
}

/// A key's points for each wire.
struct WirePoints {
    a: Vec<G1Affine>,
    b1: Vec<G1Affine>,
    b2: Vec<G2Affine>,
    /// beta A + alpha B + C
    c: Vec<G1Affine>,
}

impl WirePoints {
    /// Adds rows whose first has the number `first`; only their points' multiples are in memory.
    fn add(&mut self, first: usize, batch: &Batch<'_>, bases: &LagrangeBases<'_>) {
        let Batch { a, b, c, coefficients } = *batch;
        let count = a.rows();
        let tau = table::<Fq>(bases.tau_g1, first, count);
        add_sparse_sums(&mut self.a, &[(a, &tau)], coefficients);
        add_sparse_sums(&mut self.b1, &[(b, &tau)], coefficients);
        add_sparse_sums(&mut self.b2, &[(b, &table::<Fq2>(bases.tau_g2, first, count))], coefficients);
        let (alpha, beta) = (table(bases.alpha_g1, first, count), table(bases.beta_g1, first, count));
        add_sparse_sums(&mut self.c, &[(a, &beta), (b, &alpha), (c, &tau)], coefficients);
    }
}

fn table<F: CurveField>(points: &[u8], first: usize, count: usize) -> MultiplesTable<F> {
    let bytes = &points[first * Affine::<F>::BYTES..(first + count) * Affine::<F>::BYTES];
    MultiplesTable::new(&PointBytes::<F>::new(bytes), count)
}

/// Reads all rows: sums their points, and writes A and B to the file as it goes.
fn wire_points(
    rows: &mut dyn RowSource,
    file: &mut ZkeyWriter<'_>,
    bases: &LagrangeBases<'_>,
    control: &Control<'_>,
) -> Result<WirePoints, SetupError> {
    let sizes = rows.sizes();
    let g1 = || vec![G1Affine::INFINITY; sizes.n_wires as usize];
    let mut points = WirePoints { a: g1(), b1: g1(), b2: vec![G2Affine::INFINITY; sizes.n_wires as usize], c: g1() };
    file.coefficients(&sizes, |section| -> Result<(), SetupError> {
        let mut reader = RowReader::new(rows)?;
        loop {
            control.stage(0.1 + 0.8 * reader.share(), "points of the wires")?;
            let Some((first, batch)) = reader.next(control)? else { return Ok(()) };
            section.take(first, &batch)?;
            points.add(first, &batch, bases);
        }
    })?;
    // 1 * x_s for the constant and each public wire s.
    let public = sizes.n_public + 1;
    let binding =
        SparseRows { offsets: (0..=public).collect(), wires: (0..public).collect(), values: vec![0; public as usize] };
    let none = SparseRows { offsets: vec![0; public as usize + 1], ..Default::default() };
    let batch = Batch { a: &binding, b: &none, c: &none, coefficients: &[Coefficient::ONE] };
    points.add(sizes.n_constraints as usize, &batch, bases);
    Ok(points)
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
