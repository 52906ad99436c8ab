use super::*;
use crate::testing::{with_every_kernel, Rng};

fn random(count: usize, seed: u64) -> Vec<Fr> {
    let mut rng = Rng::new(seed);
    (0..count).map(|_| Fr::from_canonical(rng.scalar())).collect()
}

fn evaluate(coefficients: &[Fr], x: &Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |sum, c| sum.mul(x).add(c))
}

#[test]
fn roots_of_unity_are_those_of_arkworks() {
    use crate::testing::ark_fr;
    use ark_ff::FftField;
    for log in 0..=TWO_ADICITY {
        let expected = ark_bn254::Fr::get_root_of_unity(1 << log).unwrap();
        assert_eq!(ark_fr(&root_of_unity(log)), expected);
    }
}

#[test]
fn coset_values_are_the_polynomial_at_odd_roots() {
    with_every_kernel(|| {
        for log_size in 0..9 {
            let domain = Domain::new(log_size);
            let coefficients = random(domain.size(), 40 + log_size as u64);
            let mut values = coefficients.clone();
            domain.to_coset_values(&mut values);
            let w = root_of_unity(log_size + 1);
            for (i, value) in values.iter().enumerate() {
                let exponent = 2 * bit_reverse(i, log_size) as u64 + 1;
                assert_eq!(*value, evaluate(&coefficients, &w.pow(&[exponent])));
            }
        }
    });
}

#[test]
fn interpolation_undoes_evaluation_up_to_the_domain_size() {
    with_every_kernel(|| {
        for log_size in 0..9 {
            let domain = Domain::new(log_size);
            let coefficients = random(domain.size(), 50 + log_size as u64);
            let w = root_of_unity(log_size);
            let mut values: Vec<Fr> = (0..domain.size())
                .map(|i| evaluate(&coefficients, &w.pow(&[bit_reverse(i, log_size) as u64])))
                .collect();
            domain.to_coefficients(&mut values);
            let size = Fr::from_u64(domain.size() as u64);
            assert_eq!(values, coefficients.iter().map(|c| c.mul(&size)).collect::<Vec<_>>());
        }
    });
}

#[test]
fn large_transforms_agree_with_direct_evaluation_at_sampled_points() {
    with_every_kernel(|| {
        let log_size = 15;
        let domain = Domain::new(log_size);
        let coefficients = random(domain.size(), 60);
        let mut values = coefficients.clone();
        domain.to_coset_values(&mut values);
        let w = root_of_unity(log_size + 1);
        for i in [0usize, 1, 777, 20_000, domain.size() - 1] {
            let x = w.pow(&[2 * bit_reverse(i, log_size) as u64 + 1]);
            assert_eq!(values[i], evaluate(&coefficients, &x));
        }
        // Values on the domain of an interpolated random vector.
        let original = random(domain.size(), 61);
        let mut interpolated = original.clone();
        domain.to_coefficients(&mut interpolated);
        let w = root_of_unity(log_size);
        let size = Fr::from_u64(domain.size() as u64);
        for i in [0usize, 5, 31_000] {
            let x = w.pow(&[bit_reverse(i, log_size) as u64]);
            assert_eq!(evaluate(&interpolated, &x), original[i].mul(&size));
        }
    });
}
