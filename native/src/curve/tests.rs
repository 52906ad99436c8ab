use super::batch::{add_many, sum_groups, Entry, Products, Scratch};
use super::*;
use crate::field::{Field, Fr};
use crate::testing::{ark_fr, ark_g1, ark_g2, from_ark_g1, from_ark_g2, random_g1, random_g2, with_every_kernel, Rng};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;

#[test]
fn generators_are_those_of_arkworks() {
    assert_eq!(ark_g1(&G1Affine::generator()), ark_bn254::G1Affine::generator());
    assert_eq!(ark_g2(&G2Affine::generator()), ark_bn254::G2Affine::generator());
}

fn special_points<F: CurveField>(random: Vec<Affine<F>>) -> Vec<Affine<F>> {
    let mut points = vec![Affine::INFINITY, Affine::generator(), Affine::generator().neg()];
    points.extend(random.iter().map(Affine::neg));
    points.extend(random);
    points
}

#[test]
fn extended_jacobian_sums_agree_with_arkworks_on_every_special_pair() {
    let points = special_points(random_g1(4, 1));
    for p in &points {
        assert_eq!(ark_g1(&G1::from(*p).double().to_affine()), (ark_g1(p) + ark_g1(p)).into_affine());
        for q in &points {
            let expected = (ark_g1(p) + ark_g1(q)).into_affine();
            // A second representative of p, with ZZ other than one.
            let scaled = G1::from(*p).add(&G1::from(*q)).add_affine(&q.neg());
            assert_eq!(ark_g1(&G1::from(*p).add_affine(q).to_affine()), expected);
            assert_eq!(ark_g1(&scaled.add_affine(q).to_affine()), expected);
            assert_eq!(ark_g1(&scaled.add(&scaled.neg()).add(&scaled).add(&G1::from(*q)).to_affine()), expected);
        }
    }
    let points = special_points(random_g2(2, 2));
    for p in &points {
        for q in &points {
            let expected = (ark_g2(p) + ark_g2(q)).into_affine();
            assert_eq!(ark_g2(&G2::from(*p).add_affine(q).to_affine()), expected);
            assert_eq!(ark_g2(&G2::from(*p).add(&G2::from(*q)).to_affine()), expected);
        }
    }
}

#[test]
fn batches_of_affine_additions_agree_with_arkworks_on_every_special_pair() {
    with_every_kernel(|| {
        let points = special_points(random_g1(4, 3));
        let pairs: Vec<_> = points.iter().flat_map(|p| points.iter().map(move |q| (*p, *q))).collect();
        let mut sums = vec![G1Affine::INFINITY; pairs.len()];
        add_many(pairs.len(), |i| (&pairs[i].0, &pairs[i].1), |i, sum| sums[i] = sum, &mut Products::default());
        for ((p, q), sum) in pairs.iter().zip(&sums) {
            assert_eq!(ark_g1(sum), (ark_g1(p) + ark_g1(q)).into_affine());
        }
    });
}

#[test]
fn batches_of_generic_affine_additions_agree_with_arkworks_in_both_groups() {
    with_every_kernel(|| {
        for count in [15usize, 16, 17, 100] {
            let (g1, g2) = (random_g1(2 * count, 7), random_g2(2 * count, 8));
            let mut sums = vec![G1Affine::INFINITY; count];
            add_many(count, |i| (&g1[i], &g1[count + i]), |i, sum| sums[i] = sum, &mut Products::default());
            for (i, sum) in sums.iter().enumerate() {
                assert_eq!(ark_g1(sum), (ark_g1(&g1[i]) + ark_g1(&g1[count + i])).into_affine());
            }
            let mut sums = vec![G2Affine::INFINITY; count];
            add_many(count, |i| (&g2[i], &g2[count + i]), |i, sum| sums[i] = sum, &mut Products::default());
            for (i, sum) in sums.iter().enumerate() {
                assert_eq!(ark_g2(sum), (ark_g2(&g2[i]) + ark_g2(&g2[count + i])).into_affine());
            }
        }
    });
}

#[test]
fn group_sums_agree_with_arkworks_for_empty_single_repeated_and_very_large_groups() {
    with_every_kernel(|| {
        let mut rng = Rng::new(4);
        let points = special_points(random_g1(300, 5));
        for sizes in [vec![0, 1, 0, 2, 3, 700, 0], vec![20_000, 5, 9_000], vec![], vec![0]] {
            let mut entries = Vec::new();
            let mut offsets = vec![0u32];
            let mut expected = Vec::new();
            for size in sizes {
                let mut sum = ark_bn254::G1Projective::default();
                for _ in 0..size {
                    let index = rng.next() as usize % points.len();
                    let negative = rng.next() % 2 == 0;
                    entries.push(Entry::new(index, negative));
                    let point = ark_g1(&points[index]);
                    sum += if negative { -point } else { point };
                }
                offsets.push(entries.len() as u32);
                expected.push(sum.into_affine());
            }
            let mut out = vec![G1Affine::INFINITY; expected.len()];
            sum_groups(points.as_slice(), &entries, &offsets, &mut out, &mut Scratch::default());
            assert_eq!(out.iter().map(ark_g1).collect::<Vec<_>>(), expected);
        }
        let same = vec![Entry::new(1, false); 5000];
        let mut out = [G1Affine::INFINITY];
        sum_groups(points.as_slice(), &same, &[0, 5000], &mut out, &mut Scratch::default());
        let expected = ark_bn254::G1Affine::generator() * ark_bn254::Fr::from(5000u64);
        assert_eq!(out[0], from_ark_g1(&expected.into_affine()));
    });
}

#[test]
fn multiplication_agrees_with_arkworks() {
    let mut rng = Rng::new(6);
    for _ in 0..20 {
        let k = Fr::from_canonical(rng.scalar());
        let expected = ark_bn254::G2Affine::generator() * ark_fr(&k);
        let product = G2::from(G2Affine::generator()).times(&k.to_canonical());
        assert_eq!(product.to_affine(), from_ark_g2(&expected.into_affine()));
    }
}

#[test]
fn halved_scalars_and_endomorphism_multiply_like_the_whole_scalar() {
    let mut rng = Rng::new(9);
    let minus_one = Fr::ONE.neg().to_canonical();
    let mut scalars = vec![[0; 4], [1, 0, 0, 0], minus_one];
    scalars.extend((0..500).map(|_| rng.scalar()));
    // The endomorphism's eigenvalue, from its action on the generator.
    let times = |point: ark_bn254::G1Affine, half: HalfScalar| {
        let product = point.mul_bigint([half.magnitude() as u64, (half.magnitude() >> 64) as u64]);
        if half.is_negative() {
            -product
        } else {
            product
        }
    };
    let g = G1Affine::generator();
    let image = Affine { x: g.x.times_beta(), y: g.y };
    for k in &scalars {
        let (low, high) = split_scalar(k);
        assert!(low.magnitude() < 1 << 127 && high.magnitude() < 1 << 127);
        let expected = ark_g1(&g) * ark_bn254::Fr::from_bigint(ark_ff::BigInt(*k)).unwrap();
        assert_eq!(times(ark_g1(&g), low) + times(ark_g1(&image), high), expected);
    }
    let h = G2Affine::generator();
    let image = Affine { x: h.x.times_beta(), y: h.y };
    let (low, high) = split_scalar(&scalars[5]);
    let expected = G2::from(h).times(&scalars[5]).to_affine();
    let part = |point: G2Affine, half: HalfScalar| {
        let m = half.magnitude();
        G2::from(point.negate_if(half.is_negative())).times(&[m as u64, (m >> 64) as u64, 0, 0])
    };
    assert_eq!(part(h, low).add(&part(image, high)).to_affine(), expected);
}
