use super::*;
use crate::curve::{G1Affine, G2Affine};
use crate::field::{Field, Fr};
use crate::testing::{ark_g1, ark_g2, random_g1, random_g2, with_every_kernel, Rng};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{BigInt, PrimeField};

fn oracle_g1(points: &[G1Affine], scalars: &[[u64; 4]]) -> ark_bn254::G1Affine {
    let points: Vec<_> = points.iter().map(ark_g1).collect();
    let scalars: Vec<_> = scalars.iter().map(|s| ark_bn254::Fr::from_bigint(BigInt(*s)).unwrap()).collect();
    ark_bn254::G1Projective::msm(&points, &scalars).unwrap().into_affine()
}

fn oracle_g2(points: &[G2Affine], scalars: &[[u64; 4]]) -> ark_bn254::G2Affine {
    let points: Vec<_> = points.iter().map(ark_g2).collect();
    let scalars: Vec<_> = scalars.iter().map(|s| ark_bn254::Fr::from_bigint(BigInt(*s)).unwrap()).collect();
    ark_bn254::G2Projective::msm(&points, &scalars).unwrap().into_affine()
}

fn negative(value: u64) -> [u64; 4] {
    Fr::from_u64(value).neg().to_canonical()
}

/// Every kind of scalar that takes its own way.
fn mixed_scalar(rng: &mut Rng) -> [u64; 4] {
    let small = rng.next() >> (rng.next() % 64);
    match rng.next() % 8 {
        0 => [0; 4],
        1 | 2 => [1, 0, 0, 0],
        3 => negative(1),
        4 => [small, 0, 0, 0],
        5 => negative(small),
        6 => [rng.next(), rng.next() >> 3, 0, 0],
        _ => rng.scalar(),
    }
}

#[test]
fn full_width_sums_agree_with_arkworks_at_every_size() {
    let mut rng = Rng::new(21);
    for count in [0usize, 1, 2, 3, 17, 255, 1000, 5000] {
        let mut points = random_g1(count.max(1), count as u64);
        points.truncate(count);
        let scalars: Vec<_> = (0..count).map(|_| rng.scalar()).collect();
        assert_eq!(ark_g1(&full_msm(points.as_slice(), &scalars).to_affine()), oracle_g1(&points, &scalars));
    }
}

#[test]
fn extreme_scalars_and_points_agree_with_arkworks() {
    with_every_kernel(|| {
        let count = 600;
        let mut points = random_g1(count, 3);
        for i in 0..count / 4 {
            points[4 * i] = points[4 * i + 1];
            points[4 * i + 2] = points[4 * i + 1].neg();
        }
        points[7] = G1Affine::INFINITY;
        let last = negative(1);
        let half = {
            let mut h = last;
            for i in 0..4 {
                h[i] = (last[i] >> 1) | if i < 3 { last[i + 1] << 63 } else { 0 };
            }
            h
        };
        for scalar in [[0; 4], [1, 0, 0, 0], last, half, [u64::MAX, 0, 0, 0], [0, 1, 0, 0], negative(u64::MAX)] {
            let scalars = vec![scalar; count];
            let expected = oracle_g1(&points, &scalars);
            assert_eq!(ark_g1(&full_msm(points.as_slice(), &scalars).to_affine()), expected);
            let witness = ClassifiedWitness::new(&scalars).unwrap();
            assert_eq!(ark_g1(&witness_msm(points.as_slice(), &witness, 0).to_affine()), expected);
        }
    });
}

#[test]
fn witness_sums_agree_with_arkworks_in_both_groups() {
    with_every_kernel(|| {
        let mut rng = Rng::new(22);
        for count in [1usize, 40, 3000] {
            let mut g1 = random_g1(count, 5);
            let mut g2 = random_g2(count, 6);
            for i in (0..count).step_by(3) {
                g1[i] = G1Affine::INFINITY;
                g2[i] = G2Affine::INFINITY;
            }
            let scalars: Vec<_> = (0..count).map(|_| mixed_scalar(&mut rng)).collect();
            let witness = ClassifiedWitness::new(&scalars).unwrap();
            assert_eq!(ark_g1(&witness_msm(g1.as_slice(), &witness, 0).to_affine()), oracle_g1(&g1, &scalars));
            assert_eq!(ark_g2(&witness_msm(g2.as_slice(), &witness, 0).to_affine()), oracle_g2(&g2, &scalars));
            let skip = count / 2;
            let sum = witness_msm(&g1[skip..], &witness, skip as u32);
            assert_eq!(ark_g1(&sum.to_affine()), oracle_g1(&g1[skip..], &scalars[skip..]));
        }
    });
}

#[test]
fn small_scalars_of_every_length_agree_with_arkworks() {
    // The number of scalars decides the window's width, their length how far the top window is filled.
    let mut rng = Rng::new(24);
    for count in [1usize, 2, 5, 24, 300] {
        let points = random_g1(count, 8);
        for bits in 2..=64 {
            let scalars: Vec<_> =
                (0..count).map(|_| [(rng.next() >> (64 - bits)) | 3 << (bits - 2), 0, 0, 0]).collect();
            let witness = ClassifiedWitness::new(&scalars).unwrap();
            let sum = witness_msm(points.as_slice(), &witness, 0);
            assert_eq!(ark_g1(&sum.to_affine()), oracle_g1(&points, &scalars), "{count} scalars of {bits} bits");
        }
    }
}

#[test]
fn a_witness_value_that_is_not_reduced_is_named() {
    use crate::field::{FpParams, FrParams};
    assert_eq!(ClassifiedWitness::new(&[[1, 0, 0, 0], FrParams::MODULUS]).err(), Some(1));
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let mut rng = Rng::new(23);
    let points = random_g1(20_000, 7);
    let scalars: Vec<_> = (0..points.len()).map(|_| rng.scalar()).collect();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| full_msm(points.as_slice(), &scalars).to_affine())
    };
    assert_eq!(run(1), run(3));
}
