//! What nobody vouches for: every parser names the defect of a damaged file, and no bytes whatever make one panic.

mod common;

use ark_bn254::Fq;
use ark_ff::PrimeField;
use proptest::prelude::*;
use zkinfer_native::formats::{json, ptau, r1cs, wtns, zkey, FormatError, FormatErrorKind as Kind};
use zkinfer_native::groups::check_key_points;
use zkinfer_native::phase2::Transcript;

/// Parses as every format and uses all of what parses.
fn exhaust(bytes: &[u8]) {
    let _ = exhaust_zkey(bytes);
    let _ = wtns::parse("w", bytes);
    let _ = wtns::from_values("w", bytes);
    let _ = exhaust_r1cs(bytes);
    let _ = Transcript::parse("t", bytes);
    if let Ok(view) = ptau::parse("p", bytes) {
        for level in [0, 1, view.power, view.power + 1, 31, 63, 64, u32::MAX] {
            let _ = (view.lagrange_tau_g1(level), view.lagrange_tau_g2(level));
            let _ = (view.lagrange_alpha_tau_g1(level), view.lagrange_beta_tau_g1(level));
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = (json::parse_key(&text), json::parse_proof(&text), json::parse_public(&text));
}

fn exhaust_zkey(bytes: &[u8]) -> Result<(), FormatError> {
    let view = zkey::parse("k", bytes)?;
    view.check_coefficients("k")?;
    check_key_points("k", &view)
}

fn exhaust_r1cs(bytes: &[u8]) -> Result<u32, FormatError> {
    let view = r1cs::parse("c", bytes)?;
    let rows = view.constraints().map(|row| row.a.terms().len() + row.b.len() + row.c.len()).count();
    assert_eq!(rows as u32, view.n_constraints);
    Ok(view.n_constraints)
}

fn kind_of<T>(result: Result<T, FormatError>) -> (Kind, &'static str) {
    match result {
        Ok(_) => panic!("was accepted"),
        Err(error) => (error.kind, error.section),
    }
}

/// The `.zkey` with `content` in place of a section's.
fn zkey_with(section: u32, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut sections = common::zkey_sections();
    change(&mut sections.iter_mut().find(|(kind, _)| *kind == section).unwrap().1);
    common::container(b"zkey", 1, &sections)
}

#[test]
fn sound_files_are_accepted() {
    exhaust_zkey(&common::zkey()).unwrap();
    assert_eq!(wtns::parse("w", &common::wtns()).unwrap().n_witness, 5);
    assert_eq!(exhaust_r1cs(&common::r1cs()).unwrap(), 2);
    let bytes = common::ptau();
    let view = ptau::parse("p", &bytes).unwrap();
    assert_eq!(view.lagrange_tau_g1(2).unwrap().len(), 4 * 64);
    assert_eq!(view.lagrange_tau_g2(1).unwrap().len(), 2 * 128);
    assert!(view.lagrange_tau_g2(2).is_none());
}

#[test]
fn the_fuzzers_seeds_are_the_sound_files() {
    let seed = |name: &str| std::fs::read(format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert_eq!(seed("zkey/sound"), common::zkey());
    assert_eq!(seed("wtns/sound"), common::wtns());
    assert_eq!(seed("r1cs/sound"), common::r1cs());
    assert_eq!(seed("ptau/sound"), common::ptau());
    json::parse_key(std::str::from_utf8(&seed("json/key")).unwrap()).unwrap();
    json::parse_proof(std::str::from_utf8(&seed("json/proof")).unwrap()).unwrap();
    json::parse_public(std::str::from_utf8(&seed("json/public")).unwrap()).unwrap();
}

#[test]
fn r1cs_terms_are_read_where_they_stand() {
    let bytes = common::r1cs();
    let view = r1cs::parse("c", &bytes).unwrap();
    let rows: Vec<_> = view.constraints().collect();
    let terms: Vec<_> = rows[1].a.terms().map(|(wire, value)| (wire, value[0])).collect();
    assert_eq!(terms, [(0, 5), (4, 6)]);
    assert!(rows[1].b.is_empty() && rows[1].c.is_empty());
}

#[test]
fn every_truncation_is_an_error() {
    for (bytes, parses) in [
        (common::zkey(), (|b| zkey::parse("k", b).is_ok()) as fn(&[u8]) -> bool),
        (common::wtns(), |b| wtns::parse("w", b).is_ok()),
        (common::r1cs(), |b| r1cs::parse("c", b).is_ok()),
        (common::ptau(), |b| ptau::parse("p", b).is_ok()),
    ] {
        assert!(parses(&bytes));
        for length in 0..bytes.len() {
            assert!(!parses(&bytes[..length]), "{length} of {} bytes were accepted", bytes.len());
        }
    }
}

#[test]
fn defects_are_named() {
    let parse = |bytes: &[u8]| kind_of(zkey::parse("k", bytes).map(|_| ()));
    let good = common::zkey();
    assert_eq!(parse(b""), (Kind::Truncated, ""));
    assert_eq!(parse(&common::wtns()), (Kind::WrongMagic, ""));
    assert_eq!(parse(&common::container(b"zkey", 9, &common::zkey_sections())), (Kind::WrongVersion, ""));
    assert_eq!(parse(&good[..good.len() - 1]), (Kind::Truncated, ""));
    assert_eq!(parse(&[good.clone(), vec![0]].concat()), (Kind::SectionSize, ""));
    assert_eq!(parse(&zkey_with(1, |s| s[0] = 2)), (Kind::Unsupported, "header"));
    assert_eq!(parse(&zkey_with(2, |s| s[4] ^= 1)), (Kind::WrongPrime, "groth16 header"));
    assert_eq!(parse(&zkey_with(2, |s| s[72] = 2)), (Kind::OutOfRange, "groth16 header"));
    assert_eq!(parse(&zkey_with(2, |s| s[80] = 3)), (Kind::OutOfRange, "groth16 header"));
    assert_eq!(parse(&zkey_with(2, |s| s[84] ^= 1)), (Kind::InvalidPoint, "groth16 header"));
    assert_eq!(parse(&zkey_with(2, |s| s[84..148].fill(0))), (Kind::InvalidPoint, "groth16 header"));
    assert_eq!(parse(&zkey_with(4, |s| s[0] = 3)), (Kind::SectionSize, "coefficients"));
    assert_eq!(parse(&zkey_with(7, |s| s.truncate(128))), (Kind::SectionSize, "points B in G2"));
    let without_h: Vec<_> = common::zkey_sections().into_iter().filter(|(kind, _)| *kind != 9).collect();
    assert_eq!(parse(&common::container(b"zkey", 1, &without_h)), (Kind::MissingSection, "points H"));
    let twice = [common::zkey_sections(), vec![(3, common::g1(3))]].concat();
    assert_eq!(parse(&common::container(b"zkey", 1, &twice)), (Kind::DuplicateSection, ""));
}

#[test]
fn a_section_that_announces_more_than_the_file_holds_is_truncated_whatever_it_announces() {
    for size in [1000u64, 1 << 32, u64::MAX] {
        let mut bytes = common::wtns();
        bytes[16..24].copy_from_slice(&size.to_le_bytes());
        assert_eq!(kind_of(wtns::parse("w", &bytes).map(|_| ())).0, Kind::Truncated);
    }
}

#[test]
fn the_full_check_finds_what_the_cheap_one_passes() {
    let full = |bytes: &[u8]| {
        assert!(zkey::parse("k", bytes).is_ok());
        kind_of(exhaust_zkey(bytes))
    };
    assert_eq!(full(&zkey_with(9, |s| s[3 * 64] ^= 1)), (Kind::InvalidPoint, "points H"));
    assert_eq!(full(&zkey_with(7, |s| s[128 + 70] ^= 1)), (Kind::InvalidPoint, "points B in G2"));
    assert_eq!(full(&zkey_with(5, |s| s[..64].fill(0xff))), (Kind::InvalidPoint, "points A"));
    assert_eq!(full(&zkey_with(4, |s| s[4] = 2)), (Kind::OutOfRange, "coefficients"));
    assert_eq!(full(&zkey_with(4, |s| s[8] = 4)), (Kind::OutOfRange, "coefficients"));
    assert_eq!(full(&zkey_with(4, |s| s[12] = 5)), (Kind::OutOfRange, "coefficients"));
    assert_eq!(full(&zkey_with(4, |s| s[16..48].fill(0xff))), (Kind::OutOfRange, "coefficients"));
}

#[test]
fn a_point_of_the_twist_outside_the_group_is_refused() {
    use ark_bn254::{Fq2, G2Affine};
    // The first abscissa with a point on the twist; almost no such point has order r.
    let outside = (0u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(1u64)), true))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let bytes: Vec<u8> = [outside.x.c0, outside.x.c1, outside.y.c0, outside.y.c1]
        .iter()
        .flat_map(|c| c.0 .0.into_iter().flat_map(u64::to_le_bytes))
        .collect();
    let file = zkey_with(7, |s| s[..128].copy_from_slice(&bytes));
    let error = exhaust_zkey(&file).unwrap_err();
    assert!(error.to_string().contains("not in the group of order r"), "{error}");
}

#[test]
fn a_witness_value_at_or_above_the_prime_is_refused() {
    let mut bytes = common::wtns();
    let at = bytes.len() - 32;
    for (limb, chunk) in ark_bn254::Fr::MODULUS.0.iter().zip(bytes[at..].chunks_exact_mut(8)) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    assert_eq!(kind_of(wtns::parse("w", &bytes).map(|_| ())), (Kind::OutOfRange, "values"));
}

#[test]
fn an_r1cs_row_that_announces_more_terms_than_there_are_is_refused() {
    for count in [1u32 << 20, u32::MAX] {
        let mut sections = common::r1cs_sections();
        sections[1].1[..4].copy_from_slice(&count.to_le_bytes());
        let bytes = common::container(b"r1cs", 1, &sections);
        assert_eq!(kind_of(exhaust_r1cs(&bytes)), (Kind::Truncated, "constraints"));
    }
}

#[test]
fn wires_that_the_file_does_not_hold_are_refused_whatever_is_announced() {
    let announcing = |wires: u32, labels: bool| {
        let mut sections = common::r1cs_sections();
        sections[0].1[36..40].copy_from_slice(&wires.to_le_bytes());
        sections.truncate(if labels { 3 } else { 2 });
        kind_of(r1cs::parse("c", &common::container(b"r1cs", 1, &sections)).map(|_| ()))
    };
    for wires in [common::N_VARS + 1, 1 << 20, u32::MAX] {
        assert_eq!(announcing(wires, true), (Kind::SectionSize, "labels"));
    }
    for wires in [1000, 1 << 20, u32::MAX] {
        assert_eq!(announcing(wires, false), (Kind::OutOfRange, "header"));
    }
    // Rows without a term are as long as a file can hold of them, and no longer.
    for rows in [3u32, u32::MAX] {
        let mut sections = common::r1cs_sections();
        sections[0].1[60..64].copy_from_slice(&rows.to_le_bytes());
        assert_eq!(kind_of(exhaust_r1cs(&common::container(b"r1cs", 1, &sections))), (Kind::Truncated, "constraints"));
    }
    let without_labels = common::container(b"r1cs", 1, &common::r1cs_sections()[..2]);
    assert_eq!(exhaust_r1cs(&without_labels).unwrap(), 2);
}

#[test]
fn every_count_of_a_header_is_held_against_the_file() {
    for count in [1u32 << 20, u32::MAX] {
        let bytes = count.to_le_bytes();
        // Wires, public signals and domain of a key; its coefficients and contributions; values of a witness; powers of tau.
        for at in [72, 76, 80] {
            let file = zkey_with(2, |header| header[at..at + 4].copy_from_slice(&bytes));
            assert!(zkey::parse("k", &file).is_err(), "{count} at {at}");
        }
        assert!(zkey::parse("k", &zkey_with(4, |section| section[..4].copy_from_slice(&bytes))).is_err());
        assert!(Transcript::parse("k", &zkey_with(10, |section| section[64..68].copy_from_slice(&bytes))).is_err());
        let mut witness = common::wtns();
        witness[24 + 36..24 + 40].copy_from_slice(&bytes);
        assert!(wtns::parse("w", &witness).is_err());
    }
    for power in [2u32, 27, 28, 29, u32::MAX] {
        let mut powers = common::ptau();
        powers[24 + 36..24 + 40].copy_from_slice(&power.to_le_bytes());
        assert!(ptau::parse("p", &powers).is_err(), "power {power}");
    }
}

#[test]
fn powers_of_tau_without_phase_2_say_what_to_do() {
    let bytes = common::ptau();
    let short = common::container(b"ptau", 1, &[(1, bytes[24..24 + 44].to_vec())]);
    let error = ptau::parse("p", &short).err().unwrap();
    assert_eq!(error.kind, Kind::NotPrepared);
    assert!(error.reason.contains("prepare phase2"));
}

fn any_file() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(common::zkey()), Just(common::wtns()), Just(common::r1cs()), Just(common::ptau()),]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(
        mut bytes in any_file(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        for (at, value) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        exhaust(&bytes);
    }

    #[test]
    fn damaged_headers_never_panic(
        mut bytes in any_file(),
        edits in prop::collection::vec((0usize..160, any::<u8>()), 1..4),
    ) {
        for (at, value) in &edits {
            let at = at % bytes.len();
            bytes[at] = *value;
        }
        exhaust(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        exhaust(&bytes);
    }
}
