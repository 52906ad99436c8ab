//! Small valid files made from scratch, for tests that then damage them.

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;

pub const N_VARS: u32 = 5;
pub const N_PUBLIC: u32 = 2;
pub const DOMAIN_SIZE: u32 = 4;

/// iden3's container around sections of (type, content).
pub fn container(magic: &[u8; 4], version: u32, sections: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend((sections.len() as u32).to_le_bytes());
    for (kind, content) in sections {
        bytes.extend(kind.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(content);
    }
    bytes
}

pub fn prime<F: PrimeField>() -> Vec<u8> {
    let mut bytes = 32u32.to_le_bytes().to_vec();
    for limb in F::MODULUS.as_ref() {
        bytes.extend(limb.to_le_bytes());
    }
    bytes
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn fq(x: &Fq) -> Vec<u8> {
    x.0 .0.iter().flat_map(|limb| limb.to_le_bytes()).collect()
}

fn fq2(x: &Fq2) -> Vec<u8> {
    [fq(&x.c0), fq(&x.c1)].concat()
}

/// `count` multiples of G1's generator, all different, as files store them.
pub fn g1(count: u32) -> Vec<u8> {
    (1..=count)
        .flat_map(|k| {
            let point = (G1Affine::generator() * Fr::from(k)).into_affine();
            [fq(&point.x), fq(&point.y)].concat()
        })
        .collect()
}

/// The same of G2.
pub fn g2(count: u32) -> Vec<u8> {
    (1..=count)
        .flat_map(|k| {
            let point = (G2Affine::generator() * Fr::from(k)).into_affine();
            [fq2(&point.x), fq2(&point.y)].concat()
        })
        .collect()
}

pub fn scalar(value: u64) -> Vec<u8> {
    [value, 0, 0, 0].iter().flat_map(|limb| limb.to_le_bytes()).collect()
}

/// The sections of a `.zkey` whose points are valid but mean nothing.
pub fn zkey_sections() -> Vec<(u32, Vec<u8>)> {
    let header = [prime::<Fq>(), prime::<Fr>(), words(&[N_VARS, N_PUBLIC, DOMAIN_SIZE]), g1(2), g2(2), g1(1), g2(1)];
    let coefficients = [words(&[2]), [words(&[0, 1, 4]), scalar(7)].concat(), [words(&[1, 3, 0]), scalar(9)].concat()];
    vec![
        (1, words(&[1])),
        (2, header.concat()),
        (4, coefficients.concat()),
        (3, g1(N_PUBLIC + 1)),
        (5, g1(N_VARS)),
        (6, g1(N_VARS)),
        (7, g2(N_VARS)),
        (8, g1(N_VARS - N_PUBLIC - 1)),
        (9, g1(DOMAIN_SIZE)),
        (10, vec![0; 68]),
    ]
}

pub fn zkey() -> Vec<u8> {
    container(b"zkey", 1, &zkey_sections())
}

pub fn wtns() -> Vec<u8> {
    let values = [1, 6, 2, 3, 0].into_iter().flat_map(scalar).collect();
    container(b"wtns", 2, &[(1, [prime::<Fr>(), words(&[5])].concat()), (2, values)])
}

pub fn r1cs_sections() -> Vec<(u32, Vec<u8>)> {
    let header = [prime::<Fr>(), words(&[N_VARS, 1, 1, 1, N_VARS, 0, 2])];
    let term = |wire: u32, value: u64| [words(&[wire]), scalar(value)].concat();
    let constraints = [
        [words(&[1]), term(2, 1)],
        [words(&[1]), term(3, 1)],
        [words(&[1]), term(1, 1)],
        [words(&[2]), [term(0, 5), term(4, 6)].concat()],
        [words(&[0]), vec![]],
        [words(&[0]), vec![]],
    ];
    let labels = (0..u64::from(N_VARS)).flat_map(u64::to_le_bytes).collect();
    vec![(1, header.concat()), (2, constraints.concat().concat()), (3, labels)]
}

pub fn r1cs() -> Vec<u8> {
    container(b"r1cs", 1, &r1cs_sections())
}

pub fn ptau() -> Vec<u8> {
    let power = 1;
    let domain = 1 << power;
    container(
        b"ptau",
        1,
        &[
            (1, [prime::<Fq>(), words(&[power, power])].concat()),
            (2, g1(2 * domain - 1)),
            (3, g2(domain)),
            (4, g1(domain)),
            (5, g1(domain)),
            (6, g2(1)),
            (12, g1(4 * domain - 1)),
            (13, g2(2 * domain - 1)),
            (14, g1(2 * domain - 1)),
            (15, g1(2 * domain - 1)),
        ],
    )
}
