//! Against the crate's own keys; snarkjs is the other side of these tests in `test/groth16/ceremony.test.ts`.

use super::*;
use crate::control::Control;
use crate::formats::{ptau, r1cs, zkey, MappedFile};
use crate::prove::prove_once;
use crate::setup::setup_ceremony;
use crate::testing::{powers_of_tau, sample_circuit, witness_bytes, TestFolder};
use crate::verify::{verify, VerifyingKey};

struct Ceremony {
    folder: TestFolder,
    r1cs: Vec<u8>,
    witness: Vec<u8>,
    ptau: Vec<u8>,
}

impl Ceremony {
    fn new(name: &str) -> Self {
        let (r1cs, witness) = sample_circuit(20, 3);
        let ceremony = Self { folder: TestFolder::new(name), r1cs, witness: witness_bytes(&witness), ptau: powers_of_tau(6, 9) };
        let circuit = r1cs::parse("r1cs", &ceremony.r1cs).unwrap();
        let powers = ptau::parse("ptau", &ceremony.ptau).unwrap();
        setup_ceremony(&circuit, &powers, &ceremony.path(0), &Control::none()).unwrap();
        ceremony
    }

    fn path(&self, step: usize) -> std::path::PathBuf {
        self.folder.path(&format!("{step}.zkey"))
    }

    fn verify(&self, step: usize) -> Result<Transcript, CeremonyError> {
        let circuit = r1cs::parse("r1cs", &self.r1cs).unwrap();
        verify_key(&self.path(step), &circuit, &ptau::parse("ptau", &self.ptau).unwrap(), &Control::none())
    }
}

#[test]
fn contributions_and_a_beacon_give_a_key_that_verifies_and_proves() {
    let ceremony = Ceremony::new("phase2-whole");
    contribute(&ceremony.path(0), &ceremony.path(1), Some("first"), b"some entropy", &Control::none()).unwrap();
    contribute(&ceremony.path(1), &ceremony.path(2), None, b"", &Control::none()).unwrap();
    apply_beacon(&ceremony.path(2), &ceremony.path(3), Some("beacon"), &[7; 32], 10, &Control::none()).unwrap();
    let transcript = ceremony.verify(3).unwrap();
    assert_eq!(transcript.contributions.len(), 3);
    assert_eq!(transcript.contributions[0].name.as_deref(), Some("first"));
    let file = MappedFile::open(&ceremony.path(3)).unwrap();
    let key = zkey::parse("key", file.bytes()).unwrap();
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
    let ceremony = Ceremony::new("phase2-unfinished");
    let file = MappedFile::open(&ceremony.path(0)).unwrap();
    let error = zkey::parse("key", file.bytes()).unwrap().check_finished("key").unwrap_err();
    assert_eq!(error.kind, crate::formats::FormatErrorKind::Unfinished);
    assert!(matches!(ceremony.verify(0), Err(CeremonyError::Refused { .. })));
}

#[test]
fn every_altered_section_of_a_key_is_refused() {
    let ceremony = Ceremony::new("phase2-altered");
    contribute(&ceremony.path(0), &ceremony.path(1), None, b"", &Control::none()).unwrap();
    contribute(&ceremony.path(0), &ceremony.path(2), None, b"", &Control::none()).unwrap();
    let key = std::fs::read(ceremony.path(1)).unwrap();
    let other = std::fs::read(ceremony.path(2)).unwrap();
    ceremony.verify(1).unwrap();
    // Points of two honest keys exchanged, section by section, are all still on the curve.
    let view = zkey::parse("key", &key).unwrap();
    let at = |part: &[u8]| part.as_ptr() as usize - key.as_ptr() as usize;
    let places = [view.delta_g1.as_slice(), view.delta_g2, &view.points_c[64..128], &view.points_h[..64]];
    for (number, part) in places.into_iter().enumerate() {
        let mut altered = key.clone();
        altered[at(part)..at(part) + part.len()].copy_from_slice(&other[at(part)..at(part) + part.len()]);
        std::fs::write(ceremony.path(10 + number), &altered).unwrap();
        assert!(ceremony.verify(10 + number).is_err(), "place {number}");
    }
    for (number, part) in [view.points_a, view.points_b1, view.ic, view.coeffs].into_iter().enumerate() {
        let mut altered = key.clone();
        let step = part.len() / 2;
        let (first, second) = (at(part), at(part) + step - step % 64);
        altered.copy_within(second..second + 32, first);
        std::fs::write(ceremony.path(20 + number), &altered).unwrap();
        assert!(ceremony.verify(20 + number).is_err(), "table {number}");
    }
    // Names are nobody's proof; everything else of the transcript is.
    let transcript_at = key.len() - Transcript::parse("key", &key).unwrap().to_bytes().len();
    for offset in [0, 70, 140, 200, 300, 400] {
        let mut altered = key.clone();
        altered[transcript_at + offset] ^= 1;
        std::fs::write(ceremony.path(30), &altered).unwrap();
        assert!(ceremony.verify(30).is_err(), "byte {offset} of the transcript");
    }
}

#[test]
fn a_key_of_another_circuit_or_of_other_powers_is_refused() {
    let ceremony = Ceremony::new("phase2-foreign");
    contribute(&ceremony.path(0), &ceremony.path(1), None, b"", &Control::none()).unwrap();
    let other_powers = powers_of_tau(6, 10);
    let circuit = r1cs::parse("r1cs", &ceremony.r1cs).unwrap();
    let foreign = ptau::parse("ptau", &other_powers).unwrap();
    assert!(verify_key(&ceremony.path(1), &circuit, &foreign, &Control::none()).is_err());
    let (other, _) = sample_circuit(21, 4);
    let other = r1cs::parse("r1cs", &other).unwrap();
    let powers = ptau::parse("ptau", &ceremony.ptau).unwrap();
    assert!(verify_key(&ceremony.path(1), &other, &powers, &Control::none()).is_err());
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
                assert!(check_powers("ptau", &view, &Control::none()).is_err(), "{section}, point {index}, damage {damage}");
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
