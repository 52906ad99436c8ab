use super::*;
use crate::formats::zkey;
use crate::testing::{ark_fr, development_key, sample_circuit, with_every_kernel, witness_bytes};
use crate::verify::{verify, VerifyingKey};
use std::sync::atomic::AtomicBool;

fn prove_with(key: &[u8], witness: &[u8]) -> Result<Proof, ProveError> {
    let view = zkey::parse("key", key).unwrap();
    let prepared = Prepared::new(&view).unwrap();
    prove(&view, &prepared, witness, &Control::none())
}

fn verifies(key: &[u8], proof: &Proof, public: &[Fr]) -> bool {
    let view = zkey::parse("key", key).unwrap();
    let verifying = VerifyingKey::from_zkey("key", &view).unwrap();
    let signals: Vec<_> = public.iter().map(ark_fr).collect();
    verify(&verifying, &signals, proof).unwrap()
}

#[test]
fn proofs_of_satisfied_circuits_of_many_sizes_verify() {
    with_every_kernel(|| {
        for length in [1usize, 2, 5, 40, 700] {
            let (r1cs, witness) = sample_circuit(length, length as u64);
            let key = development_key(&r1cs);
            let proof = prove_with(&key, &witness_bytes(&witness)).unwrap();
            assert!(verifies(&key, &proof, &witness[1..3]), "{length}");
            assert!(!verifies(&key, &proof, &[witness[1].add(&Fr::ONE), witness[2]]), "{length}");
        }
    });
}

#[test]
fn a_witness_that_violates_one_constraint_gives_a_proof_that_does_not_verify() {
    let (r1cs, witness) = sample_circuit(20, 1);
    let key = development_key(&r1cs);
    for wire in [3usize, 4, 20, witness.len() - 1] {
        let mut forged = witness.clone();
        forged[wire] = forged[wire].add(&Fr::from_u64(2));
        let proof = prove_with(&key, &witness_bytes(&forged)).unwrap();
        assert!(!verifies(&key, &proof, &forged[1..3]), "wire {wire}");
    }
}

#[test]
fn two_proofs_of_the_same_witness_differ_in_every_point() {
    let (r1cs, witness) = sample_circuit(6, 2);
    let key = development_key(&r1cs);
    let witness = witness_bytes(&witness);
    let (one, other) = (prove_with(&key, &witness).unwrap(), prove_with(&key, &witness).unwrap());
    assert!(one.a != other.a && one.b != other.b && one.c != other.c);
}

#[test]
fn keys_with_coefficients_in_any_order_prove() {
    let (r1cs, witness) = sample_circuit(900, 3);
    let mut key = development_key(&r1cs);
    let view = zkey::parse("key", &key).unwrap();
    let start = view.coeffs.as_ptr() as usize - key.as_ptr() as usize;
    let count = view.coeffs.len() / 44;
    for i in 0..count / 2 {
        for byte in 0..44 {
            key.swap(start + 44 * i + byte, start + 44 * (count - 1 - i) + byte);
        }
    }
    let proof = prove_with(&key, &witness_bytes(&witness)).unwrap();
    assert!(verifies(&key, &proof, &witness[1..3]));
}

#[test]
fn a_coefficient_outside_the_circuit_is_named() {
    let (r1cs, _) = sample_circuit(3, 4);
    let key = development_key(&r1cs);
    let view = zkey::parse("key", &key).unwrap();
    let start = view.coeffs.as_ptr() as usize - key.as_ptr() as usize;
    for field in [0usize, 4, 8] {
        let mut damaged = key.clone();
        damaged[start + 2 * 44 + field + 3] = 0x7f;
        let view = zkey::parse("key", &damaged).unwrap();
        assert_eq!(Prepared::new(&view).err().map(|error| error.record), Some(2));
    }
}

#[test]
fn witnesses_of_the_wrong_length_or_range_are_refused() {
    let (r1cs, witness) = sample_circuit(3, 5);
    let key = development_key(&r1cs);
    let bytes = witness_bytes(&witness);
    let short = prove_with(&key, &bytes[32..]);
    assert!(matches!(short, Err(ProveError::WitnessLength { .. })));
    let mut large = bytes.clone();
    large[5 * 32..6 * 32].fill(0xff);
    assert!(matches!(prove_with(&key, &large), Err(ProveError::WitnessValue(5))));
}

#[test]
fn a_cancelled_proof_says_so() {
    let (r1cs, witness) = sample_circuit(3, 6);
    let key = development_key(&r1cs);
    let view = zkey::parse("key", &key).unwrap();
    let prepared = Prepared::new(&view).unwrap();
    let cancelled = AtomicBool::new(true);
    let control = Control::new(&|_, _| {}, &cancelled);
    let outcome = prove(&view, &prepared, &witness_bytes(&witness), &control);
    assert!(matches!(outcome, Err(ProveError::Cancelled(_))));
}
