use super::development::{write_key, Toxic};
use super::fixed_base::FixedBase;
use super::rows::{Batch, CircuitSizes, Coefficient, FileRows, RowSource, SparseRows};
use super::sparse_sums::{add_sparse_sums, MultiplesTable};
use super::wire_sums::WireSums;
use super::{setup_ceremony, SetupError};
use crate::control::Control;
use crate::curve::{Affine, G1Affine, G2Affine};
use crate::field::{limbs_from_bytes, Field, FpParams, Fr, FrParams};
use crate::formats::R1csView;
use crate::testing::{ark_g1, ark_g2, development_key, powers_of_tau, random_g1, random_g2, sample_circuit, Rng};
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

/// Rows of one matrix, from (row, wire, coefficient), and the coefficients' positions.
fn sparse_rows(rows: usize, entries: &[(usize, u32, [u64; 4])], coefficients: &mut Vec<Coefficient>) -> SparseRows {
    let mut out = SparseRows::default();
    for row in 0..rows {
        for (_, wire, scalar) in entries.iter().filter(|entry| entry.0 == row) {
            out.wires.push(*wire);
            out.values.push(coefficients.len() as u32);
            coefficients.push(Coefficient::new(*scalar).unwrap());
        }
        out.offsets.push(out.wires.len() as u32);
    }
    out
}

#[test]
fn sparse_sums_agree_with_arkworks_and_go_on_from_earlier_ones() {
    let mut rng = Rng::new(81);
    let points = [random_g1(30, 82), random_g1(25, 83)];
    let tables = [MultiplesTable::new(points[0].as_slice(), 30), MultiplesTable::new(points[1].as_slice(), 25)];
    let wires = 40;
    let choices = scalars(20, 84);
    let mut sums = vec![Affine::INFINITY; wires];
    let mut expected = vec![ark_bn254::G1Projective::default(); wires];
    for batch in 0..3 {
        let mut entries = [Vec::new(), Vec::new()];
        for _ in 0..300 {
            let list = (rng.next() % 2) as usize;
            let (wire, row) = (3 + rng.next() as usize % (wires - 6), rng.next() as usize % points[list].len());
            entries[list].push((row, wire as u32, choices[rng.next() as usize % choices.len()]));
        }
        // The same point twice with opposite coefficients, and one point many times.
        entries[0].extend([(3, 38, [7, 0, 0, 0]), (3, 38, Fr::from_u64(7).neg().to_canonical())]);
        entries[1].extend([(4, 2 * batch, [1, 0, 0, 0]); 9]);
        for (entries, points) in entries.iter().zip(&points) {
            for (row, wire, scalar) in entries {
                expected[*wire as usize] += ark_g1(&points[*row]) * ark(scalar);
            }
        }
        let mut coefficients = Vec::new();
        let lists = [0, 1].map(|i| sparse_rows(points[i].len(), &entries[i], &mut coefficients));
        add_sparse_sums(&mut sums, &[(&lists[0], &tables[0]), (&lists[1], &tables[1])], &coefficients);
    }
    assert_eq!(
        sums.iter().map(ark_g1).collect::<Vec<_>>(),
        expected.iter().map(|p| p.into_affine()).collect::<Vec<_>>()
    );

    let points = random_g2(3, 85);
    let table = MultiplesTable::new(points.as_slice(), 3);
    let mut coefficients = Vec::new();
    let rows = sparse_rows(3, &[(2, 0, choices[7])], &mut coefficients);
    let mut sums = vec![Affine::INFINITY];
    add_sparse_sums(&mut sums, &[(&rows, &table)], &coefficients);
    assert_eq!(ark_g2(&sums[0]), (ark_g2(&points[2]).into_group() * ark(&choices[7])).into_affine());
}

#[test]
fn sums_of_small_and_large_coefficients_times_field_elements_are_those_of_the_field() {
    let mut rng = Rng::new(88);
    let elements: Vec<Fr> = (0..50).map(|_| Fr::from_canonical(rng.scalar())).collect();
    let minus = |value: u64| Fr::from_u64(value).neg().to_canonical();
    let choices =
        [scalars(5, 89), vec![[u64::MAX; 4].map(|limb| limb >> 3), minus(1), minus(200), minus(u64::MAX)]].concat();
    let entries: Vec<_> = (0..2000)
        .map(|_| {
            let (row, wire) = (rng.next() as usize % elements.len(), rng.next() as u32 % 7);
            (row, wire, choices[rng.next() as usize % choices.len()])
        })
        .filter(|(_, _, scalar)| Coefficient::new(*scalar).is_some())
        .collect();
    let mut coefficients = Vec::new();
    let rows = sparse_rows(elements.len(), &entries, &mut coefficients);
    let mut sums = WireSums::new(8);
    sums.add(&rows, &elements, &coefficients);
    let mut expected = [Fr::ZERO; 8];
    for (row, wire, scalar) in &entries {
        let sum = &mut expected[*wire as usize];
        *sum = sum.add(&elements[*row].mul(&Fr::from_canonical(*scalar)));
    }
    assert_eq!(sums.reduce().as_slice(), expected);
    assert_eq!(Coefficient::new(FrParams::MODULUS), None);
}

/// The rows of a file in batches of `size` rows, coefficients in another order than the file's reader has them.
struct Portions<'a> {
    view: R1csView<'a>,
    size: usize,
    done: usize,
    batch: [SparseRows; 3],
    coefficients: Vec<Coefficient>,
}

impl<'a> Portions<'a> {
    fn new(view: R1csView<'a>, size: usize) -> Self {
        Self { view, size, done: 0, batch: Default::default(), coefficients: vec![Coefficient::ONE; 3] }
    }
}

impl RowSource for Portions<'_> {
    fn sizes(&self) -> CircuitSizes {
        FileRows::new(&self.view).sizes()
    }

    fn next(&mut self, _: &Control<'_>) -> Result<Option<Batch<'_>>, SetupError> {
        self.batch = Default::default();
        for constraint in self.view.constraints().skip(self.done).take(self.size) {
            for (rows, combination) in self.batch.iter_mut().zip([constraint.a, constraint.b, constraint.c]) {
                for (wire, value) in combination.terms() {
                    rows.wires.push(wire);
                    rows.values.push(self.coefficients.len() as u32);
                    self.coefficients.push(Coefficient::new(limbs_from_bytes(value)).unwrap());
                }
                rows.offsets.push(rows.wires.len() as u32);
            }
        }
        self.done += self.size;
        let [a, b, c] = &self.batch;
        Ok((a.rows() > 0).then_some(Batch { a, b, c, coefficients: &self.coefficients }))
    }
}

#[test]
fn a_key_does_not_depend_on_how_its_rows_come() {
    let (r1cs, _) = sample_circuit(30, 90);
    let view = crate::formats::r1cs::parse("circuit", &r1cs).unwrap();
    let control = Control::none();
    let secrets = Toxic::from_numbers([90, 91, 92, 93]);
    let powers = powers_of_tau(7, 94);
    let powers = crate::formats::ptau::parse("powers", &powers).unwrap();
    let development = |rows: &mut dyn RowSource| {
        let mut out = std::io::Cursor::new(Vec::new());
        write_key(rows, &secrets, &mut out, &control).unwrap();
        out.into_inner()
    };
    let ceremony = |rows: &mut dyn RowSource| {
        let mut out = std::io::Cursor::new(Vec::new());
        setup_ceremony(rows, &powers, &mut out, &control).unwrap();
        out.into_inner()
    };
    let expected = [development(&mut FileRows::new(&view)), ceremony(&mut FileRows::new(&view))];
    for size in [1, 7, 1000] {
        assert!(development(&mut Portions::new(view, size)) == expected[0], "development key, batches of {size}");
        assert!(ceremony(&mut Portions::new(view, size)) == expected[1], "ceremony's key, batches of {size}");
    }
}

/// One batch, and sizes of which anybody may say anything.
struct Claimed {
    sizes: CircuitSizes,
    batch: Option<[SparseRows; 3]>,
    last: [SparseRows; 3],
}

impl RowSource for Claimed {
    fn sizes(&self) -> CircuitSizes {
        self.sizes
    }

    fn next(&mut self, _: &Control<'_>) -> Result<Option<Batch<'_>>, SetupError> {
        let Some(batch) = self.batch.take() else { return Ok(None) };
        self.last = batch;
        let [a, b, c] = &self.last;
        Ok(Some(Batch { a, b, c, coefficients: &[Coefficient::ONE] }))
    }
}

#[test]
fn rows_that_do_not_fit_their_circuit_are_refused() {
    let row = |wire: u32, value: u32| SparseRows { offsets: vec![0, 1], wires: vec![wire], values: vec![value] };
    let sound = || [row(1, 0), row(2, 0), row(0, 0)];
    let sizes = CircuitSizes { n_wires: 3, n_public: 1, n_constraints: 1 };
    let outcome = |sizes, batch| {
        let mut source = Claimed { sizes, batch: Some(batch), last: Default::default() };
        super::setup_development(&mut source, &mut std::io::Cursor::new(Vec::new()), &Control::none())
    };
    outcome(sizes, sound()).unwrap();
    let spread = |offsets: &[u32]| SparseRows { offsets: offsets.to_vec(), ..row(1, 0) };
    let cases = [
        (sizes, [row(3, 0), row(2, 0), row(0, 0)], "a wire that the circuit does not have"),
        (sizes, [row(1, 0), row(2, 1), row(0, 0)], "a coefficient that they do not give"),
        (sizes, [row(1, 0), row(2, 0), SparseRows::default()], "different numbers of rows"),
        (sizes, [spread(&[1, 1]), row(2, 0), row(0, 0)], "do not follow each other"),
        (sizes, [spread(&[0, 2]), row(2, 0), row(0, 0)], "do not fit each other"),
        (CircuitSizes { n_constraints: 2, ..sizes }, sound(), "end before the last row"),
        (CircuitSizes { n_constraints: 0, ..sizes }, sound(), "more rows than were announced"),
        (CircuitSizes { n_public: 3, ..sizes }, sound(), "more public wires than wires"),
    ];
    for (sizes, batch, text) in cases {
        let message = outcome(sizes, batch).unwrap_err().to_string();
        assert!(message.contains(text), "{message}");
    }
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
        let outcome = super::setup_development(&mut FileRows::new(&view), &mut out, &crate::control::Control::none());
        assert!(matches!(outcome, Err(super::SetupError::Write(_))), "{room} bytes");
    }
}
