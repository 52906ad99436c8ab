use super::*;
use crate::testing::{ark_fq, ark_fq2, ark_fr, Rng};
use ark_ff::Field as _;

fn fq_samples() -> Vec<Fq> {
    let mut rng = Rng::new(7);
    let mut samples = vec![Fq::ZERO, Fq::ONE, Fq::ONE.neg(), Fq::from_u64(2), Fq::from_montgomery([1, 0, 0, 0])];
    samples.extend((0..60).map(|_| Fq::from_canonical(rng.below(&FqParams::MODULUS))));
    samples
}

#[test]
fn prime_field_operations_agree_with_arkworks() {
    for a in fq_samples() {
        assert_eq!(ark_fq(&a.neg()), -ark_fq(&a));
        assert_eq!(ark_fq(&a.square()), ark_fq(&a).square());
        assert_eq!(ark_fq(&a.double()), ark_fq(&a) + ark_fq(&a));
        assert_eq!(ark_fq(&a.inverse()), ark_fq(&a).inverse().unwrap_or_default());
        for b in fq_samples() {
            assert_eq!(ark_fq(&a.add(&b)), ark_fq(&a) + ark_fq(&b));
            assert_eq!(ark_fq(&a.sub(&b)), ark_fq(&a) - ark_fq(&b));
            assert_eq!(ark_fq(&a.mul(&b)), ark_fq(&a) * ark_fq(&b));
        }
    }
}

#[test]
fn scalar_field_inverse_agrees_with_arkworks() {
    let mut rng = Rng::new(8);
    for _ in 0..2000 {
        let a = Fr::from_canonical(rng.scalar());
        assert_eq!(ark_fr(&a.inverse()), ark_fr(&a).inverse().unwrap());
    }
    for small in 1..200 {
        let a = Fr::from_u64(small);
        assert_eq!(a.mul(&a.inverse()), Fr::ONE);
        assert_eq!(a.neg().mul(&a.neg().inverse()), Fr::ONE);
    }
}

#[test]
fn quadratic_extension_agrees_with_arkworks() {
    let samples = fq_samples();
    let pairs: Vec<Fq2> = samples.iter().zip(samples.iter().rev()).map(|(a, b)| Fq2 { c0: *a, c1: *b }).collect();
    for a in &pairs {
        assert_eq!(ark_fq2(&a.square()), ark_fq2(a).square());
        assert_eq!(ark_fq2(&a.inverse()), ark_fq2(a).inverse().unwrap_or_default());
        for b in &pairs {
            assert_eq!(ark_fq2(&a.mul(b)), ark_fq2(a) * ark_fq2(b));
            assert_eq!(ark_fq2(&a.sub(b)), ark_fq2(a) - ark_fq2(b));
        }
    }
}

#[test]
fn batch_inverse_keeps_zeros_and_inverts_the_rest() {
    let samples = fq_samples();
    let mut inverted = samples.clone();
    batch_inverse(&mut inverted);
    for (a, b) in samples.iter().zip(&inverted) {
        assert_eq!(a.inverse(), *b);
    }
    batch_inverse::<Fq>(&mut []);
}

#[test]
fn uniform_bytes_reduce_to_the_integer_they_spell() {
    let bytes = [0xffu8; 64];
    let expected = {
        let two = ark_bn254::Fr::from(2u64);
        two.pow([512u64]) - ark_bn254::Fr::from(1u64)
    };
    assert_eq!(ark_fr(&Fr::from_uniform_bytes(&bytes)), expected);
}
