//! Many points times one scalar: what a contribution to a key does. All points take the same steps, along one width-5
//! non-adjacent form of each half that the endomorphism splits the scalar into: a batch at a time with one inversion for a
//! step of all (Montgomery's trick), or several at a time in vector registers where that is found to be faster (`kernels`).

use super::{split_scalar, Affine, CurveField, HalfScalar};
use crate::kernels::kernels;
use rayon::prelude::*;
use zeroize::Zeroizing;

/// Points that take their steps together.
const PART: usize = 1 << 9;
/// Odd multiples 1, 3, … 15 of each point.
pub const ODD: usize = 8;
/// Digits of a half: its magnitude is below 2^127, and the form may be one longer.
pub const DIGITS: usize = 128;

/// The forms of a scalar's two halves; the second is of the points' images.
pub type Digits = [[i8; DIGITS]; 2];

/// Writes scalar · P for each point P of `bytes`, both in a key file's layout; `scalar` is canonical. Uses the calling
/// thread's rayon pool.
pub fn multiply_all<F: CurveField>(bytes: &[u8], scalar: &[u64; 4], out: &mut [u8]) {
    assert_eq!(bytes.len(), out.len());
    let (low, high) = split_scalar(scalar);
    let digits = Zeroizing::new([non_adjacent_form(low), non_adjacent_form(high)]);
    let length = PART * Affine::<F>::BYTES;
    bytes
        .par_chunks(length)
        .zip(out.par_chunks_mut(length))
        .for_each(|(part, out)| multiply_part::<F>(part, &digits, out));
}

fn multiply_part<F: CurveField>(bytes: &[u8], digits: &Digits, out: &mut [u8]) {
    let points: Vec<Affine<F>> = bytes.chunks_exact(Affine::<F>::BYTES).map(Affine::read).collect();
    let mut products = vec![Affine::INFINITY; points.len()];
    F::multiply_points(kernels(), &points, digits, &mut products);
    for (slot, product) in out.chunks_exact_mut(Affine::<F>::BYTES).zip(&products) {
        product.write(slot);
    }
}

/// The non-adjacent form of width 5, least significant first: digits are 0 or odd between -15 and 15.
fn non_adjacent_form(scalar: HalfScalar) -> [i8; DIGITS] {
    let mut digits = [0i8; DIGITS];
    let mut rest = scalar.magnitude();
    for digit in &mut digits {
        if rest & 1 == 1 {
            let low = (rest & 31) as i8;
            let odd = if low > 16 { low - 32 } else { low };
            rest = if odd < 0 { rest + u128::from(odd.unsigned_abs()) } else { rest - odd as u128 };
            *digit = if scalar.is_negative() { -odd } else { odd };
        }
        rest >>= 1;
    }
    digits
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::curve::Xyzz;
    use crate::field::{Field, Fq, Fq2, Fr};
    use crate::testing::{random_g1, random_g2, with_every_kernel, Rng};

    /// The forms of scalars at the edges and of random ones.
    pub fn forms() -> Vec<Digits> {
        let split = |scalar: [u64; 4]| {
            let (low, high) = split_scalar(&scalar);
            [non_adjacent_form(low), non_adjacent_form(high)]
        };
        scalars().into_iter().map(split).collect()
    }

    fn scalars() -> Vec<[u64; 4]> {
        let mut random = Rng::new(5);
        // Among them a cube root of unity, whose halves are small, and its neighbours.
        let lambda = [0xb8ca_0b2d_3663_6f23, 0xcc37_a73f_ec2b_c5e9, 0x048b_6e19_3fd8_4104, 0x30644e72e131a029];
        let lambda = Fr::from_canonical(lambda);
        let mut scalars = vec![
            [0; 4],
            [1, 0, 0, 0],
            [2, 0, 0, 0],
            [7, 0, 0, 0],
            [8, 0, 0, 0],
            Fr::ONE.neg().to_canonical(),
            lambda.to_canonical(),
            lambda.double().to_canonical(),
            lambda.add(&Fr::ONE).to_canonical(),
            lambda.sub(&Fr::ONE).to_canonical(),
        ];
        scalars.extend((0..4).map(|_| random.scalar()));
        scalars
    }

    fn agrees<F: CurveField>(points: Vec<Affine<F>>) {
        let mut bytes = vec![0; points.len() * Affine::<F>::BYTES];
        for (slot, point) in bytes.chunks_exact_mut(Affine::<F>::BYTES).zip(&points) {
            point.write(slot);
        }
        for scalar in scalars() {
            let mut out = vec![0; bytes.len()];
            multiply_all::<F>(&bytes, &scalar, &mut out);
            for (point, bytes) in points.iter().zip(out.chunks_exact(Affine::<F>::BYTES)) {
                assert_eq!(Affine::<F>::read(bytes), Xyzz::from(*point).times(&scalar).to_affine());
            }
        }
    }

    #[test]
    fn every_point_is_multiplied_the_point_at_infinity_among_them() {
        with_every_kernel(|| {
            let mut points = random_g1(40, 1);
            points[7] = Affine::<Fq>::INFINITY;
            points[8] = points[9];
            agrees(points.clone());
            // Numbers that do not divide by four, and too few for vectors.
            for count in [1, 3, 4, 7] {
                agrees(points[..count].to_vec());
            }
            let mut points = random_g2(9, 2);
            points[3] = Affine::<Fq2>::INFINITY;
            agrees(points);
        });
    }
}
