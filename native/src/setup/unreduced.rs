//! The difference of two points as snarkjs's WebAssembly computes it when one of them is no point at all.
//!
//! In domains above 2^14 snarkjs hashes one difference whose minuend lies behind the file's powers: bytes of the next
//! section, taken as two words of 256 bits in Montgomery form that need not be below q. Its field operations correct by
//! q once, so on such words they are not arithmetic modulo q: a difference that is below -q wraps to 2^256, and so does
//! a sum of at least 2^256 + q. The circuit's hash depends on it; nothing else does. Followed step by step from
//! wasmcurves, `build_f1m.js` and `build_curve_jacobian_a0.js` (addAffine).

use crate::curve::{G1Affine, G1};
use crate::field::{add, is_below, limbs_from_bytes, subtract, Field, FpParams, Fq, FqParams};

/// A word of 256 bits that stands for itself over 2^256, not always below q.
type Word = [u64; 4];

const Q: Word = FqParams::MODULUS;

/// `minuend` - `subtrahend`, where `minuend` is any 64 bytes and `subtrahend` a point.
pub fn difference(minuend: &[u8], subtrahend: &G1Affine) -> G1Affine {
    let (x1, y1) = (limbs_from_bytes(&minuend[..32]), limbs_from_bytes(&minuend[32..64]));
    let other = subtrahend.neg();
    let (x2, y2) = (word(&other.x), word(&other.y));
    if (x1, y1) == ([0; 4], [0; 4]) {
        return other;
    }
    if other.is_infinity() {
        return G1Affine { x: reduced(x1), y: reduced(y1) };
    }
    // Equal points are doubled there, and the words are then below q.
    if (x1, y1) == (x2, y2) {
        return G1::from(other).double().to_affine();
    }

    let h = minus(&x2, &x1);
    let rise = minus(&y2, &y1);
    let square = times(&h, &h);
    let twice = plus(&square, &square);
    let i = plus(&twice, &twice);
    let j = times(&h, &i);
    let r = plus(&rise, &rise);
    let v = times(&x1, &i);
    let x3 = minus(&minus(&times(&r, &r), &j), &plus(&v, &v));
    let y1_j = times(&y1, &j);
    let y3 = minus(&times(&minus(&v, &x3), &r), &plus(&y1_j, &y1_j));
    let z3 = plus(&h, &h);

    // From here on everything is multiplied by an inverse below q, and so is below q again.
    let [x, y, z] = [x3, y3, z3].map(reduced);
    let inverse = z.inverse();
    let inverse_square = inverse.mul(&inverse);
    G1Affine { x: x.mul(&inverse_square), y: y.mul(&inverse_square.mul(&inverse)) }
}

fn word(value: &Fq) -> Word {
    let mut bytes = [0u8; 32];
    value.write(&mut bytes);
    limbs_from_bytes(&bytes)
}

fn reduced(mut word: Word) -> Fq {
    while !is_below(&word, &Q) {
        word = subtract(&word, &Q).0;
    }
    Fq::from_montgomery(word)
}

/// f1m_sub: q is added once where the subtraction borrows.
fn minus(a: &Word, b: &Word) -> Word {
    match subtract(a, b) {
        (difference, true) => add(&difference, &Q).0,
        (difference, false) => difference,
    }
}

/// f1m_add: q is subtracted once where the sum has a carry or is at least q.
fn plus(a: &Word, b: &Word) -> Word {
    let (sum, carry) = add(a, b);
    less_once(sum, carry)
}

fn less_once(word: Word, carry: bool) -> Word {
    match subtract(&word, &Q) {
        (_, true) if !carry => word,
        (less, _) => less,
    }
}

/// f1m_mul and f1m_square: (ab + mq) / 2^256 with m < 2^256, whole, then less q once as a sum.
fn times(a: &Word, b: &Word) -> Word {
    let mut t = [0u64; 9];
    for (i, &digit) in b.iter().enumerate() {
        accumulate(&mut t[i..], a, digit);
    }
    for i in 0..4 {
        let k = t[i].wrapping_mul(FqParams::INV);
        accumulate(&mut t[i..], &Q, k);
    }
    less_once([t[4], t[5], t[6], t[7]], t[8] != 0)
}

/// t += a * digit, with the carry passed on to t's end.
fn accumulate(t: &mut [u64], a: &Word, digit: u64) {
    let mut carry = 0u128;
    for (i, slot) in t.iter_mut().enumerate() {
        let product = a.get(i).map_or(0, |&limb| u128::from(limb) * u128::from(digit));
        let sum = product + u128::from(*slot) + carry;
        *slot = sum as u64;
        carry = sum >> 64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minuend, subtrahend and difference that wasmcurves 0.2.2 gave (g1m_subAffine, then g1m_batchToAffine): words of any
    /// size, words above q, a small one, a point from itself, and the negative of one less the point.
    const OF_WASMCURVES: [(&str, &str, &str); 6] = [
        (
            "560d7e456bf26693ff108e431c11bae29f8a6a65116ff22d5c9d9223d0a7fb4a\
             4b6fe7ab027627b064db56c7107fef6c2085a271a1d9cde33cc131437f49da37",
            "59e8f65a828185351ad875000815042ec77607bcda860259663dbd5da63b8a12\
             cf3769b855b22bc6c23c7084c4ae3e8b224112375646f280bf2cd3aeb7eb9524",
            "34d8e1f51cd2ec51d97d026bb5a63aa58a7892bf34963d39baaedba6bb082d15\
             d9eaa18b37cd215c677bd61b53dbb93c8e2f0c6c564541c8ebbe518875e5ef1e",
        ),
        (
            "493090c578a275fbcca622915f9c4ed820da1de0f03cacab6329ced71b069287\
             777046856ae09141595a3c9406ff5dc690f77acf5e3194d3ffffffffffffffff",
            "49711b71b686eeaf4844f8a30d0158ce93e5284afba4f22fe385557f25d22f12\
             ebd7e60c553e70e045fc2c2ff8df85a3649dc986d77990b5a0cf8cb29925e624",
            "5a971af725af56ae08cebeed850728b2f53bc609b917126245d5172fbc23320f\
             35c51c402a7410006d97d6ba40e1f6d5313eb248d493022ba48dd69e478c592f",
        ),
        (
            "9bd77d14b04d0220065320e6d3bfdc20249f9b16f956c8a1ffffffffffffffff\
             b13e28c25f5bfdeda0f0bb44cc09f838e4964918504b5791d258e24bf2b623a3",
            "f187f13f198837cfad4da67dc9631314759bc4225ee97f6e591481555a8f3120\
             049a6bec6b84bd6c7330248b162aa4389795d5b66f7db18c76bd102fad1a2316",
            "0dc900fbc42029540b4a60a098a2fe515eacc609a18fd86958dfc8979a09db25\
             d0c2edc41f70b33b9ffe4b60dfb36dae3e9f5c961ab8c7c058dfa828bf28d82b",
        ),
        (
            "dfabfc31d82e4b58e03a95a34f4d005900000000000000000000000000000000\
             4c76f376fa1668b551d4429ab43371357f278561192151271ae4739d198dcf98",
            "c9ae901794e246a831a461885322e63abc4cec00303b13fb7a91dc90e9b6651b\
             4474cb2fd1cddea9882628661dca5474d19078896af222d71fea5e551a99ec22",
            "a2706ad890afc9f1ee6dff14f69e55794136d1328a5c201459929bc411d2061e\
             5439cdfe42455bcb070738d614bdd3d0008a07c169126d3991b14b80bc1e1228",
        ),
        (
            "9d0d8fc58d435dd33d0bc7f528eb780a2c4679786fa36e662fdf079ac1770a0e\
             3a1b1e8b1b87baa67b168eeb51d6f114588cf2f0de46ddcc5ebe0f3483ef141c",
            "9d0d8fc58d435dd33d0bc7f528eb780a2c4679786fa36e662fdf079ac1770a0e\
             3a1b1e8b1b87baa67b168eeb51d6f114588cf2f0de46ddcc5ebe0f3483ef141c",
            "0000000000000000000000000000000000000000000000000000000000000000\
             0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            "9d0d8fc58d435dd33d0bc7f528eb780a2c4679786fa36e662fdf079ac1770a0e\
             0de25e4dfb04669511b4e37c3f948f8205cc8e90d7fe72ebcae121adef5e4f14",
            "9d0d8fc58d435dd33d0bc7f528eb780a2c4679786fa36e662fdf079ac1770a0e\
             3a1b1e8b1b87baa67b168eeb51d6f114588cf2f0de46ddcc5ebe0f3483ef141c",
            "38eae7c3b66004e169548e438b540bbcecc20a0cb42d82c24d018d0997732213\
             000000000000000000000000000000000000000000000000000000000000002c",
        ),
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    #[test]
    fn differences_are_those_of_wasmcurves() {
        for (minuend, subtrahend, expected) in OF_WASMCURVES {
            let mut out = [0u8; 64];
            difference(&bytes(minuend), &G1Affine::read(&bytes(subtrahend))).write(&mut out);
            assert_eq!(out[..], bytes(expected));
        }
    }
}
