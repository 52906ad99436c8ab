//! Against the crate's own keys; snarkjs is the other side of these tests in `test/groth16/ceremony.test.ts`.

use super::*;
use crate::control::Control;
use crate::formats::{ptau, r1cs, zkey};
use crate::prove::prove_once;
use crate::setup::{setup_ceremony, FileRows};
use crate::testing::{development_key, powers_of_tau, sample_circuit, witness_bytes};
use crate::verify::{verify, VerifyingKey};
use std::io::Cursor;

struct Ceremony {
    r1cs: Vec<u8>,
    witness: Vec<u8>,
    ptau: Vec<u8>,
    /// Before any contribution.
    initial: Vec<u8>,
}

impl Ceremony {
    fn new() -> Self {
        let (r1cs, witness) = sample_circuit(20, 3);
        let ptau = powers_of_tau(6, 9);
        let mut initial = Cursor::new(Vec::new());
        let circuit = r1cs::parse("r1cs", &r1cs).unwrap();
        let powers = ptau::parse("ptau", &ptau).unwrap();
        setup_ceremony(&mut FileRows::new(&circuit), &powers, &mut initial, &Control::none()).unwrap();
        Self { witness: witness_bytes(&witness), initial: initial.into_inner(), r1cs, ptau }
    }

    fn verify(&self, key: &[u8]) -> Result<Transcript, CeremonyError> {
        verify_against(key, &self.r1cs, &self.ptau)
    }
}

fn verify_against(key: &[u8], r1cs: &[u8], ptau: &[u8]) -> Result<Transcript, CeremonyError> {
    let circuit = r1cs::parse("r1cs", r1cs).unwrap();
    let powers = ptau::parse("ptau", ptau).unwrap();
    let mut room = Cursor::new(Vec::new());
    verify_key(Key { file: "key", bytes: key }, &mut FileRows::new(&circuit), &powers, &mut room, &Control::none())
}

/// The key after a contribution.
fn contributed(key: &[u8], name: Option<&str>) -> Result<Vec<u8>, CeremonyError> {
    let mut out = Cursor::new(Vec::new());
    contribute(Key { file: "key", bytes: key }, &mut out, name, b"some entropy", &Control::none())?;
    Ok(out.into_inner())
}

/// The key after a beacon.
fn with_beacon(key: &[u8], value: &[u8]) -> Result<Vec<u8>, CeremonyError> {
    let mut out = Cursor::new(Vec::new());
    apply_beacon(Key { file: "key", bytes: key }, &mut out, Some("beacon"), value, 10, &Control::none())?;
    Ok(out.into_inner())
}

#[test]
fn contributions_and_a_beacon_give_a_key_that_verifies_and_proves() {
    let ceremony = Ceremony::new();
    let first = contributed(&ceremony.initial, Some("first")).unwrap();
    let second = contributed(&first, None).unwrap();
    let bytes = with_beacon(&second, &[7; 32]).unwrap();
    let transcript = ceremony.verify(&bytes).unwrap();
    assert_eq!(transcript.contributions.len(), 3);
    assert_eq!(transcript.contributions[0].name.as_deref(), Some("first"));
    let key = zkey::parse("key", &bytes).unwrap();
    key.check_finished("key").unwrap();
    let proof = prove_once(&key, &ceremony.witness, &Control::none(), &|_| ()).unwrap();
    let signals: Vec<_> = ceremony.witness[32..32 * (key.n_public as usize + 1)]
        .chunks_exact(32)
        .map(ark_ff::PrimeField::from_le_bytes_mod_order)
        .collect();
    assert!(verify(&VerifyingKey::from_zkey("key", &key).unwrap(), &signals, &proof).unwrap());
}

#[test]
fn a_key_without_a_contribution_is_unfinished() {
    let ceremony = Ceremony::new();
    let error = zkey::parse("key", &ceremony.initial).unwrap().check_finished("key").unwrap_err();
    assert_eq!(error.kind, crate::formats::FormatErrorKind::Unfinished);
    assert!(matches!(ceremony.verify(&ceremony.initial), Err(CeremonyError::Refused { .. })));
}

#[test]
fn every_altered_section_of_a_key_is_refused() {
    let ceremony = Ceremony::new();
    let key = contributed(&ceremony.initial, None).unwrap();
    let other = contributed(&ceremony.initial, None).unwrap();
    ceremony.verify(&key).unwrap();
    // Points of two honest keys exchanged, section by section, are all still on the curve.
    let view = zkey::parse("key", &key).unwrap();
    let at = |part: &[u8]| part.as_ptr() as usize - key.as_ptr() as usize;
    let places = [view.delta_g1.as_slice(), view.delta_g2, &view.points_c[64..128], &view.points_h[..64]];
    for (number, part) in places.into_iter().enumerate() {
        let mut altered = key.clone();
        altered[at(part)..at(part) + part.len()].copy_from_slice(&other[at(part)..at(part) + part.len()]);
        assert!(ceremony.verify(&altered).is_err(), "place {number}");
    }
    for (number, part) in [view.points_a, view.points_b1, view.ic, view.coeffs].into_iter().enumerate() {
        let mut altered = key.clone();
        let step = part.len() / 2;
        let (first, second) = (at(part), at(part) + step - step % 64);
        altered.copy_within(second..second + 32, first);
        assert!(ceremony.verify(&altered).is_err(), "table {number}");
    }
    // Names are nobody's proof; everything else of the transcript is.
    let transcript_at = key.len() - Transcript::parse("key", &key).unwrap().to_bytes().len();
    for offset in [0, 70, 140, 200, 300, 400] {
        let mut altered = key.clone();
        altered[transcript_at + offset] ^= 1;
        assert!(ceremony.verify(&altered).is_err(), "byte {offset} of the transcript");
    }
}

/// Points of other curves have small orders, and a secret times such a point is the secret modulo its order.
#[test]
fn a_contribution_is_never_made_to_a_point_off_the_curve() {
    let ceremony = Ceremony::new();
    // A beacon follows a contribution.
    let key = contributed(&ceremony.initial, None).unwrap();
    let view = zkey::parse("key", &key).unwrap();
    let at = |part: &[u8]| part.as_ptr() as usize - key.as_ptr() as usize;
    for (section, part) in [("points C", view.points_c), ("points H", view.points_h)] {
        for index in [0, part.len() / 64 - 1] {
            let mut altered = key.clone();
            altered[at(part) + 64 * index] ^= 1;
            let error = contributed(&altered, None).unwrap_err();
            assert!(error.to_string().contains(section), "{error}");
            assert!(error.to_string().contains(&format!("point {index} is not on the curve")), "{error}");
            assert!(matches!(with_beacon(&altered, &[1]), Err(CeremonyError::Format(_))));
        }
    }
}

#[test]
fn a_contribution_is_made_only_where_it_can_be_verified() {
    let ceremony = Ceremony::new();
    let other = development_key(&ceremony.r1cs);
    let error = contributed(&other, None).unwrap_err();
    assert!(error.to_string().contains("a development key"), "{error}");
    // Delta in G2 of another key.
    let key = &ceremony.initial;
    let delta = zkey::parse("key", key).unwrap().delta_g2;
    let start = delta.as_ptr() as usize - key.as_ptr() as usize;
    let mut altered = key.clone();
    altered[start..start + 128].copy_from_slice(&other[start..start + 128]);
    let error = contributed(&altered, None).unwrap_err();
    assert!(error.to_string().contains("not the same number"), "{error}");
}

#[test]
fn a_key_of_another_circuit_or_of_other_powers_is_refused() {
    let ceremony = Ceremony::new();
    let key = contributed(&ceremony.initial, None).unwrap();
    assert!(verify_against(&key, &ceremony.r1cs, &powers_of_tau(6, 10)).is_err());
    let (other, _) = sample_circuit(21, 4);
    assert!(verify_against(&key, &other, &ceremony.ptau).is_err());
}

#[test]
fn sound_powers_pass_and_every_damaged_section_is_refused() {
    let bytes = powers_of_tau(4, 11);
    let sound = ptau::parse("ptau", &bytes).unwrap();
    check_powers("ptau", &sound, &Control::none()).unwrap();
    let foreign = powers_of_tau(4, 12);
    let at = |part: &[u8]| part.as_ptr() as usize - bytes.as_ptr() as usize;
    for (section, table) in sound.g1_sections().into_iter().chain(sound.g2_sections()) {
        let size = if section.contains("G2") { 128 } else { 64 };
        for index in [0, table.len() / size / 2, table.len() / size - 1] {
            let start = at(table) + index * size;
            for damage in 0..4 {
                let mut altered = bytes.clone();
                let point = &mut altered[start..start + size];
                match damage {
                    0 => point[0] ^= 1,
                    1 => point.fill(0),
                    2 => point.fill(0xff),
                    // On the curve and in the group, but of another tau.
                    _ => point.copy_from_slice(&foreign[start..start + size]),
                }
                if altered == bytes {
                    continue;
                }
                let view = ptau::parse("ptau", &altered).unwrap();
                assert!(
                    check_powers("ptau", &view, &Control::none()).is_err(),
                    "{section}, point {index}, damage {damage}"
                );
            }
        }
    }
    let other = ptau::parse("ptau", &foreign).unwrap();
    for (mine, theirs) in sound.g1_sections().into_iter().zip(other.g1_sections()) {
        let mut altered = bytes.clone();
        altered[at(mine.1)..at(mine.1) + mine.1.len()].copy_from_slice(theirs.1);
        assert!(check_powers("ptau", &ptau::parse("ptau", &altered).unwrap(), &Control::none()).is_err(), "{}", mine.0);
    }
}

/// A point of G2's curve of order 10,069, the least outside the group: a combination of one in 10,069 does not show it.
#[test]
fn a_point_of_a_small_group_is_refused_wherever_it_lies() {
    use ark_bn254::{Fq, Fq2, G2Affine};
    use ark_ec::CurveGroup;
    use ark_ff::{BigInteger, PrimeField};
    let mut cofactor = Fq::MODULUS;
    cofactor.mul2();
    cofactor.sub_with_borrow(&ark_bn254::Fr::MODULUS);
    let quotient = divide(cofactor.0, 10_069).expect("the cofactor's least prime factor");
    let small = (0u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(1u64)), true))
        .map(|point| {
            use ark_ec::AffineRepr;
            (point.mul_bigint(ark_bn254::Fr::MODULUS).into_affine()).mul_bigint(quotient).into_affine()
        })
        .find(|point| !point.infinity)
        .unwrap();
    let bytes = powers_of_tau(9, 14);
    let sound = ptau::parse("ptau", &bytes).unwrap();
    check_powers("ptau", &sound, &Control::none()).unwrap();
    let at = |part: &[u8]| part.as_ptr() as usize - bytes.as_ptr() as usize;
    for (section, table) in sound.g2_sections() {
        let index = table.len() / 128 - 1;
        let start = at(table) + 128 * index;
        let honest = crate::formats::points::g2(bytes[start..start + 128].try_into().unwrap()).unwrap();
        let mut moved = Vec::new();
        super::transcript::push(&mut moved, &super::transcript::own_g2(&(honest + small).into_affine()));
        let mut altered = bytes.clone();
        altered[start..start + 128].copy_from_slice(&moved);
        let error = check_powers("ptau", &ptau::parse("ptau", &altered).unwrap(), &Control::none()).unwrap_err();
        let expected = format!("section {section}: point {index} is on the curve but not in the group of order r");
        assert!(error.to_string().contains(&expected), "{error}");
    }
}

/// The quotient, where nothing is left.
fn divide(mut number: [u64; 4], by: u64) -> Option<[u64; 4]> {
    let mut rest = 0u128;
    for limb in number.iter_mut().rev() {
        let part = rest << 64 | u128::from(*limb);
        *limb = (part / u128::from(by)) as u64;
        rest = part % u128::from(by);
    }
    (rest == 0).then_some(number)
}

/// The file with another section 7.
fn with_contributions(bytes: &[u8], section: &[u8]) -> Vec<u8> {
    let mut out = bytes[..12].to_vec();
    let mut rest = &bytes[12..];
    while !rest.is_empty() {
        let size = u64::from_le_bytes(rest[4..12].try_into().unwrap()) as usize;
        let body = if rest[..4] == 7u32.to_le_bytes() { section } else { &rest[12..12 + size] };
        out.extend(&rest[..4]);
        out.extend((body.len() as u64).to_le_bytes());
        out.extend(body);
        rest = &rest[12 + size..];
    }
    out
}

#[test]
fn the_record_of_the_powers_contributions_is_well_formed_and_ends_with_these_powers() {
    let bytes = powers_of_tau(4, 13);
    let view = ptau::parse("ptau", &bytes).unwrap();
    let contribution = |parameters: &[u8]| {
        let mut out = Vec::new();
        for part in [
            &view.tau_g1[64..128],
            &view.tau_g2[128..256],
            &view.alpha_tau_g1[..64],
            &view.beta_tau_g1[..64],
            view.beta_g2,
        ] {
            out.extend(part);
        }
        out.extend([0; 6 * 64 + 3 * 128 + 216 + 64 + 4]);
        out.extend((parameters.len() as u32).to_le_bytes());
        out.extend(parameters);
        out
    };
    let section = |contributions: &[Vec<u8>]| {
        [(contributions.len() as u32).to_le_bytes().to_vec(), contributions.concat()].concat()
    };
    let check = |section: &[u8]| {
        let file = with_contributions(&bytes, section);
        ptau::parse("ptau", &file)
            .map_err(CeremonyError::from)
            .and_then(|view| check_powers("ptau", &view, &Control::none()))
    };
    let named = [1, 3, b'A', b'd', b'a', 2, 10, 3, 2, 7, 7];
    check(&section(&[])).unwrap();
    check(&section(&[contribution(&[]), contribution(&named)])).unwrap();
    for parameters in [&[2, 10, 1, 0][..], &[1, 0, 1, 0], &[4, 0], &[1, 9, b'A'], &[1], &[3, 2, 7]] {
        assert!(
            matches!(check(&section(&[contribution(parameters)])), Err(CeremonyError::Format(_))),
            "{parameters:?}"
        );
    }
    let sound = section(&[contribution(&named)]);
    for length in 0..sound.len() {
        assert!(matches!(check(&sound[..length]), Err(CeremonyError::Format(_))), "{length} bytes");
    }
    for place in [0, 64, 64 + 128, 128 + 128, 192 + 128, 192 + 2 * 128 - 1] {
        let mut other = sound.clone();
        other[4 + place] ^= 1;
        assert!(matches!(check(&other), Err(CeremonyError::Refused { .. })), "byte {place}");
    }
}
