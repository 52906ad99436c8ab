use super::fixed_base::FixedBase;
use super::sparse_sums::{sparse_sums, MultiplesTable, Term};
use crate::curve::{Affine, G1Affine, G2Affine};
use crate::field::{Field, Fr};
use crate::testing::{ark_g1, ark_g2, development_key, random_g1, random_g2, sample_circuit, Rng};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{BigInt, PrimeField};

fn ark(scalar: &[u64; 4]) -> ark_bn254::Fr {
    ark_bn254::Fr::from_bigint(BigInt(*scalar)).unwrap()
}

fn scalars(count: usize, seed: u64) -> Vec<[u64; 4]> {
    let mut rng = Rng::new(seed);
    let mut scalars = vec![[0; 4], [1, 0, 0, 0], [2, 0, 0, 0], Fr::ONE.neg().to_canonical(), [u64::MAX, 0, 0, 0]];
    scalars.extend((0..count).map(|_| rng.scalar()));
    scalars
}

#[test]
fn multiples_of_a_fixed_base_agree_with_arkworks_for_every_table_width() {
    let scalars = scalars(60, 80);
    for expected_count in [1usize, 50, 3000, 1 << 16] {
        let base = FixedBase::new(G1Affine::generator(), expected_count);
        let mut out = vec![0u8; scalars.len() * G1Affine::BYTES];
        base.multiply_into(&scalars, &mut out);
        for (scalar, bytes) in scalars.iter().zip(out.chunks_exact(G1Affine::BYTES)) {
            let expected = (ark_bn254::G1Projective::generator() * ark(scalar)).into_affine();
            assert_eq!(ark_g1(&Affine::read(bytes)), expected);
        }
    }
    let base = FixedBase::new(G2Affine::generator(), 50);
    for scalar in &scalars[..12] {
        let expected = (ark_bn254::G2Projective::generator() * ark(scalar)).into_affine();
        assert_eq!(ark_g2(&base.multiply(scalar)), expected);
    }
}

#[test]
fn sparse_sums_agree_with_arkworks() {
    let mut rng = Rng::new(81);
    let (first, second) = (random_g1(30, 82), random_g1(25, 83));
    let tables = [MultiplesTable::new(first.as_slice(), 30), MultiplesTable::new(second.as_slice(), 25)];
    let wires = 40;
    let choices = scalars(20, 84);
    let mut terms = [Vec::new(), Vec::new()];
    let mut expected = vec![ark_bn254::G1Projective::default(); wires];
    for _ in 0..700 {
        let list = (rng.next() % 2) as usize;
        let points = [&first, &second][list];
        let (wire, point) = (rng.next() as usize % (wires - 3), rng.next() as usize % points.len());
        let scalar = choices[rng.next() as usize % choices.len()];
        terms[list].push(Term::new(wire as u32, point as u32, scalar));
        expected[wire] += ark_g1(&points[point]) * ark(&scalar);
    }
    // The same point twice with opposite coefficients, and one point many times.
    terms[0].push(Term::new(38, 3, [7, 0, 0, 0]));
    terms[0].push(Term::new(38, 3, Fr::from_u64(7).neg().to_canonical()));
    for _ in 0..9 {
        terms[1].push(Term::new(39, 4, [1, 0, 0, 0]));
        expected[39] += ark_g1(&second[4]);
    }
    let sums = sparse_sums(wires, &[(&terms[0], &tables[0]), (&terms[1], &tables[1])]);
    assert_eq!(
        sums.iter().map(ark_g1).collect::<Vec<_>>(),
        expected.iter().map(|p| p.into_affine()).collect::<Vec<_>>()
    );

    let points = random_g2(3, 85);
    let table = MultiplesTable::new(points.as_slice(), 3);
    let sums = sparse_sums(1, &[(&[Term::new(0, 2, choices[7])], &table)]);
    assert_eq!(ark_g2(&sums[0]), (ark_g2(&points[2]).into_group() * ark(&choices[7])).into_affine());
}

#[test]
fn two_development_keys_for_the_same_circuit_share_no_secret() {
    let (r1cs, _) = sample_circuit(4, 86);
    let (one, other) = (development_key(&r1cs), development_key(&r1cs));
    let (one, other) =
        (crate::formats::zkey::parse("1", &one).unwrap(), crate::formats::zkey::parse("2", &other).unwrap());
    assert_ne!(one.alpha_g1, other.alpha_g1);
    assert_ne!(one.beta_g2, other.beta_g2);
    assert_ne!(one.delta_g1, other.delta_g1);
    assert_ne!(one.points_h, other.points_h);
    crate::groups::check_key_points("1", &one).unwrap();
    one.check_coefficients("1").unwrap();
}

/// A disk with room for some bytes.
struct Full(std::io::Cursor<Vec<u8>>, usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.position() as usize + bytes.len() > self.1 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Full {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_setup_that_cannot_write_says_so_wherever_room_ends() {
    let (r1cs, _) = sample_circuit(2, 87);
    let view = crate::formats::r1cs::parse("circuit", &r1cs).unwrap();
    let length = development_key(&r1cs).len();
    for room in [0, 20, length / 2, length - 1] {
        let mut out = Full(Default::default(), room);
        let outcome = super::setup_development(&view, &mut out, &crate::control::Control::none());
        assert!(matches!(outcome, Err(super::SetupError::Write(_))), "{room} bytes");
    }
}
