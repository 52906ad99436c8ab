//! Prepared powers of tau from numbers that the caller knows: for tests and benchmarks of a ceremony, whose true first phase takes
//! snarkjs minutes at 2^14. Whoever knows the numbers can forge under every key made from them.
//!
//! The trap: the largest Lagrange basis, of 2^(power+1), is of polynomials whose highest power the file does not hold; like
//! snarkjs it takes that power for infinity.

use super::development::lagrange_values;
use super::fixed_base::FixedBase;
use crate::curve::{Affine, CurveField, G1Affine, G2Affine};
use crate::field::{Field, FpParams, Fq, Fq2, FqParams, Fr};
use crate::ntt::root_of_unity;

/// The bytes of a `.ptau` for domains up to 2^`power`, power at most 26.
pub fn development_powers(power: u32, tau: Fr, alpha: Fr, beta: Fr) -> Vec<u8> {
    let size = 1usize << power;
    let mut powers = vec![Fr::ONE];
    for i in 1..2 * size {
        powers.push(powers[i - 1].mul(&tau));
    }
    let times = |values: &[Fr], factor: &Fr| -> Vec<[u64; 4]> {
        values.iter().map(|value| value.mul(factor).to_canonical()).collect()
    };
    let bases = |top: u32| -> Vec<Fr> {
        (0..=top).flat_map(|level| lagrange_values(level, Fr::ONE, &root_of_unity(level), &tau).to_vec()).collect()
    };
    let smaller = bases(power);
    let mut all = smaller.clone();
    let root = root_of_unity(power + 1);
    let last = powers[2 * size - 1].mul(&Fr::from_u64(2 * size as u64).inverse());
    let mut x = Fr::ONE;
    for value in lagrange_values(power + 1, Fr::ONE, &root, &tau).iter() {
        all.push(value.sub(&x.mul(&last)));
        x = x.mul(&root);
    }

    let g1 = FixedBase::<Fq>::new(G1Affine::generator(), 16 * size);
    let g2 = FixedBase::<Fq2>::new(G2Affine::generator(), 4 * size);
    let mut header = 32u32.to_le_bytes().to_vec();
    header.extend(FqParams::MODULUS.iter().flat_map(|limb| limb.to_le_bytes()));
    header.extend([power, power].iter().flat_map(|word| word.to_le_bytes()));
    let sections = [
        (1, header),
        (2, points(&g1, &times(&powers[..2 * size - 1], &Fr::ONE))),
        (3, points(&g2, &times(&powers[..size], &Fr::ONE))),
        (4, points(&g1, &times(&powers[..size], &alpha))),
        (5, points(&g1, &times(&powers[..size], &beta))),
        (6, points(&g2, &times(&powers[..1], &beta))),
        (7, 0u32.to_le_bytes().to_vec()),
        (12, points(&g1, &times(&all, &Fr::ONE))),
        (13, points(&g2, &times(&smaller, &Fr::ONE))),
        (14, points(&g1, &times(&smaller, &alpha))),
        (15, points(&g1, &times(&smaller, &beta))),
    ];
    let mut out = b"ptau".to_vec();
    out.extend(1u32.to_le_bytes());
    out.extend((sections.len() as u32).to_le_bytes());
    for (kind, body) in sections {
        out.extend((kind as u32).to_le_bytes());
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(body);
    }
    out
}

fn points<F: CurveField>(base: &FixedBase<F>, scalars: &[[u64; 4]]) -> Vec<u8> {
    let mut out = vec![0; scalars.len() * Affine::<F>::BYTES];
    base.multiply_into(scalars, &mut out);
    out
}
