//! Eight field elements side by side in AVX-512 registers: five limbs of 52 bits, for the instructions that multiply
//! such limbs and add (IFMA). A product is 101 of them.
//!
//! The Montgomery radix is 2^260 here and 2^256 in memory. `load` brings an element over by multiplying with 16, which
//! shifting its words apart does in passing, and `store` divides by 16; `load_raw` and `store_raw` do neither. A product of two
//! loaded factors is a loaded value, one of a loaded and a raw factor a raw value.
//!
//! Bounds are kept by hand, in multiples of the modulus m: 2^260 is more than 84 m, and with factors below j m and k m a
//! product is below (j k / 84 + 2) m. The trap: the instructions read 52 bits of a limb, so that every factor must be
//! normalised. Everything that leaves a function here is.

use super::{Fp, FpParams, FqParams};
use std::arch::x86_64::*;
use std::marker::PhantomData;

const LIMBS: usize = 5;
const BITS: u32 = 52;
const MASK: u64 = (1 << BITS) - 1;

type Limbs = [u64; LIMBS];

/// A modulus's constants.
struct Table {
    modulus: Limbs,
    /// -1 / m mod 2^52
    inverse: u64,
    /// (m * inverse + 1) / 2^52
    folded: Limbs,
    /// j m for j < 64, limb by limb, not normalised above the first 52 bits of the highest.
    multiples: [Limbs; 64],
    /// 16 q m, one limb in each row.
    quotients: [[u64; 8]; LIMBS],
    /// q m, one limb in each row.
    raw_quotients: [[u64; 8]; LIMBS],
    /// k m for the k that makes the sum with a value ending in this index divisible by 16, one limb in each row.
    sixteenths: [[u64; 16]; LIMBS],
    /// floor(2^72 / (m / 2^208 + 1))
    reciprocal: u64,
}

const fn limbs_of(x: &[u64; 5]) -> Limbs {
    [
        x[0] & MASK,
        ((x[0] >> 52) | (x[1] << 12)) & MASK,
        ((x[1] >> 40) | (x[2] << 24)) & MASK,
        ((x[2] >> 28) | (x[3] << 36)) & MASK,
        (x[3] >> 16) | (x[4] << 48),
    ]
}

/// k m for small k.
const fn times(m: &[u64; 4], k: u64) -> [u64; 5] {
    let mut out = [0u64; 5];
    let mut carry = 0u128;
    let mut i = 0;
    while i < 4 {
        carry += m[i] as u128 * k as u128;
        out[i] = carry as u64;
        carry >>= 64;
        i += 1;
    }
    out[4] = carry as u64;
    out
}

const fn table(m: &[u64; 4], inv: u64) -> Table {
    let modulus = limbs_of(&times(m, 1));
    let inverse = inv & MASK;
    let mut folded = [0; LIMBS];
    let mut carry = ((modulus[0] as u128 * inverse as u128) >> BITS) + 1;
    let mut i = 1;
    while i < LIMBS {
        carry += modulus[i] as u128 * inverse as u128;
        folded[i - 1] = carry as u64 & MASK;
        carry >>= BITS;
        i += 1;
    }
    folded[LIMBS - 1] = carry as u64;

    let mut multiples = [[0; LIMBS]; 64];
    let mut j = 0;
    while j < 64 {
        multiples[j] = limbs_of(&times(m, j as u64));
        j += 1;
    }
    let mut quotients = [[0; 8]; LIMBS];
    let mut raw_quotients = [[0; 8]; LIMBS];
    let mut sixteenths = [[0; 16]; LIMBS];
    let mut limb = 0;
    while limb < LIMBS {
        let mut k = 0;
        while k < 16 {
            sixteenths[limb][k] = multiples[(k as u64).wrapping_mul(inv) as usize % 16][limb];
            if k < 8 {
                quotients[limb][k] = limbs_of(&times(m, 16 * k as u64))[limb];
                raw_quotients[limb][k] = multiples[k][limb];
            }
            k += 1;
        }
        limb += 1;
    }
    let reciprocal = ((1u128 << 72) / (modulus[LIMBS - 1] as u128 + 1)) as u64;
    Table { modulus, inverse, folded, multiples, quotients, raw_quotients, sixteenths, reciprocal }
}

struct Constants<P>(PhantomData<P>);

impl<P: FpParams> Constants<P> {
    const TABLE: Table = table(&P::MODULUS, P::INV);
    const REF: &'static Table = &Self::TABLE;
}

/// Whether this processor can.
pub fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512ifma")
        && is_x86_feature_detected!("avx512vbmi2")
}

/// Eight elements, limb by limb.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub struct Octet<P> {
    limbs: [__m512i; LIMBS],
    params: PhantomData<P>,
}

/// Twice as many limbs, not normalised: a product before it is reduced.
type Wide = [__m512i; 2 * LIMBS];

/// An array by its indices. Closures given to functions of the standard library would not be inlined there: those are compiled
/// for other instructions.
macro_rules! by_index {
    ($count:expr, $i:ident => $value:expr) => {{
        let mut out = [_mm512_setzero_si512(); $count];
        let mut $i = 0;
        while $i < $count {
            out[$i] = $value;
            $i += 1;
        }
        out
    }};
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn all(limb: u64) -> __m512i {
    _mm512_set1_epi64(limb as i64)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn row(words: &[u64]) -> __m512i {
    let words = &words[..8];
    // SAFETY: eight words are 64 bytes.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

/// Word i of element k becomes word k of row i.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn transpose(z: [__m512i; 8]) -> [__m512i; 8] {
    let low = by_index!(4, i => _mm512_unpacklo_epi64(z[2 * i], z[2 * i + 1]));
    let high = by_index!(4, i => _mm512_unpackhi_epi64(z[2 * i], z[2 * i + 1]));
    let (a, b) = (quarter([low[0], low[1], low[2], low[3]]), quarter([high[0], high[1], high[2], high[3]]));
    [a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]]
}

/// The same for 128-bit parts of four registers.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn quarter([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (ab_even, ab_odd) = (_mm512_shuffle_i64x2::<0x88>(a, b), _mm512_shuffle_i64x2::<0xdd>(a, b));
    let (cd_even, cd_odd) = (_mm512_shuffle_i64x2::<0x88>(c, d), _mm512_shuffle_i64x2::<0xdd>(c, d));
    [
        _mm512_shuffle_i64x2::<0x88>(ab_even, cd_even),
        _mm512_shuffle_i64x2::<0x88>(ab_odd, cd_odd),
        _mm512_shuffle_i64x2::<0xdd>(ab_even, cd_even),
        _mm512_shuffle_i64x2::<0xdd>(ab_odd, cd_odd),
    ]
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn cut(mask: __m512i, x: __m512i) -> __m512i {
    _mm512_and_si512(x, mask)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn or(x: __m512i, y: __m512i) -> __m512i {
    _mm512_or_si512(x, y)
}

impl<P: FpParams> Octet<P> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn new(limbs: [__m512i; LIMBS]) -> Self {
        Self { limbs, params: PhantomData }
    }

    /// From rows of words, times 16.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn from_words([w0, w1, w2, w3]: [__m512i; 4]) -> Self {
        let mask = all(MASK);
        Self::new([
            cut(mask, _mm512_slli_epi64::<4>(w0)),
            cut(mask, _mm512_shrdi_epi64::<48>(w0, w1)),
            cut(mask, _mm512_shrdi_epi64::<36>(w1, w2)),
            cut(mask, _mm512_shrdi_epi64::<24>(w2, w3)),
            _mm512_srli_epi64::<12>(w3),
        ])
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn from_raw_words([w0, w1, w2, w3]: [__m512i; 4]) -> Self {
        let mask = all(MASK);
        Self::new([
            cut(mask, w0),
            cut(mask, _mm512_shrdi_epi64::<52>(w0, w1)),
            cut(mask, _mm512_shrdi_epi64::<40>(w1, w2)),
            cut(mask, _mm512_shrdi_epi64::<28>(w2, w3)),
            _mm512_srli_epi64::<16>(w3),
        ])
    }

    /// Rows of the words of 1/16 of a value that is below 16 m and divisible by 16.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn to_words(self) -> [__m512i; 4] {
        let d = &self.limbs;
        [
            or(_mm512_srli_epi64::<4>(d[0]), _mm512_slli_epi64::<48>(d[1])),
            or(_mm512_srli_epi64::<16>(d[1]), _mm512_slli_epi64::<36>(d[2])),
            or(_mm512_srli_epi64::<28>(d[2]), _mm512_slli_epi64::<24>(d[3])),
            or(_mm512_srli_epi64::<40>(d[3]), _mm512_slli_epi64::<12>(d[4])),
        ]
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn to_raw_words(self) -> [__m512i; 4] {
        let d = &self.limbs;
        [
            or(d[0], _mm512_slli_epi64::<52>(d[1])),
            or(_mm512_srli_epi64::<12>(d[1]), _mm512_slli_epi64::<40>(d[2])),
            or(_mm512_srli_epi64::<24>(d[2]), _mm512_slli_epi64::<28>(d[3])),
            or(_mm512_srli_epi64::<36>(d[3]), _mm512_slli_epi64::<16>(d[4])),
        ]
    }

    /// One element eight times; below 16 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn broadcast(x: &Fp<P>) -> Self {
        Self::from_words([all(x.0[0]), all(x.0[1]), all(x.0[2]), all(x.0[3])])
    }

    /// Eight elements; below 16 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load(x: [&Fp<P>; 8]) -> Self {
        Self::from_words(gather(addresses(x)))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn zero() -> Self {
        Self::new([_mm512_setzero_si512(); LIMBS])
    }

    /// Eight neighbouring elements, in the order of `load_raw_neighbours`; below 16 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_neighbours(x: &[Fp<P>; 8]) -> Self {
        Self::from_words(split_pairs(neighbours(x)))
    }

    /// Eight neighbouring elements as they are, in an order that `store_raw_neighbours` reverses.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_raw_neighbours(x: &[Fp<P>; 8]) -> Self {
        Self::from_raw_words(split_pairs(neighbours(x)))
    }

    /// The canonical values of raw ones below 8 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store_raw_neighbours(self, out: &mut [Fp<P>; 8]) {
        let z = join_pairs(self.reduce_raw().to_raw_words());
        for (i, z) in z.into_iter().enumerate() {
            // SAFETY: eight elements are four times 64 bytes.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().add(2 * i).cast(), z) };
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn load_raw(x: [&Fp<P>; 8]) -> Self {
        Self::from_raw_words(gather(addresses(x)))
    }

    /// The canonical values of raw ones below 8 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store_raw(self) -> [Fp<P>; 8] {
        scatter(self.reduce_raw().to_raw_words())
    }

    /// The canonical elements.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn store(self) -> [Fp<P>; 8] {
        scatter(self.reduce().to_words())
    }

    /// Whether one of eight loaded elements is zero. Not for computed ones, whose zeros have many forms.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn has_zero(&self) -> bool {
        let l = &self.limbs;
        let low = _mm512_or_si512(_mm512_or_si512(l[0], l[1]), _mm512_or_si512(l[2], l[3]));
        _mm512_testn_epi64_mask(_mm512_or_si512(low, l[4]), _mm512_or_si512(low, l[4])) != 0
    }

    /// Limbs of 52 bits, from signed ones.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn carry(mut self) -> Self {
        let mask = all(MASK);
        for i in 0..LIMBS - 1 {
            let carry = _mm512_srai_epi64::<BITS>(self.limbs[i]);
            self.limbs[i + 1] = _mm512_add_epi64(self.limbs[i + 1], carry);
            self.limbs[i] = _mm512_and_si512(self.limbs[i], mask);
        }
        self
    }

    /// self + other
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn sum(&self, other: &Self) -> Self {
        Self::new(by_index!(LIMBS, i => _mm512_add_epi64(self.limbs[i], other.limbs[i]))).carry()
    }

    /// self - other + LIFT m for other below LIFT m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn difference<const LIFT: usize>(&self, other: &Self) -> Self {
        self.difference_of_limbs::<LIFT>(other).carry()
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn difference_of_limbs<const LIFT: usize>(&self, other: &Self) -> Self {
        let lift = &Constants::<P>::REF.multiples[LIFT];
        Self::new(by_index!(LIMBS, i => {
            _mm512_sub_epi64(_mm512_add_epi64(self.limbs[i], all(lift[i])), other.limbs[i])
        }))
    }

    /// self - a - b modulo m for values below 16 m; below 17 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn minus_both(&self, a: &Self, b: &Self) -> Self {
        let t = Constants::<P>::REF;
        let mut d = self.difference_of_limbs::<33>(a);
        for i in 0..LIMBS {
            d.limbs[i] = _mm512_sub_epi64(d.limbs[i], b.limbs[i]);
        }
        // More than m, of which the lower limbs take less than four from the highest. floor(value / 16 m), or one less just
        // above a multiple.
        let top = _mm512_srli_epi64::<24>(_mm512_sub_epi64(d.limbs[LIMBS - 1], all(4)));
        let quotient = _mm512_madd52hi_epu64(_mm512_setzero_si512(), top, all(t.reciprocal));
        d.minus_quotient(quotient, &t.quotients).carry()
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn minus_quotient(&self, quotient: __m512i, multiples: &[[u64; 8]; LIMBS]) -> Self {
        Self::new(by_index!(LIMBS, i => {
            _mm512_sub_epi64(self.limbs[i], _mm512_permutexvar_epi64(quotient, row(&multiples[i])))
        }))
    }

    /// self minus `limit`, where self is not below.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn subtract_once(self, limit: &Limbs) -> Self {
        let less = Self::new(by_index!(LIMBS, i => _mm512_sub_epi64(self.limbs[i], all(limit[i])))).carry();
        let negative = _mm512_cmplt_epi64_mask(less.limbs[LIMBS - 1], _mm512_setzero_si512());
        Self::new(by_index!(LIMBS, i => _mm512_mask_blend_epi64(negative, less.limbs[i], self.limbs[i])))
    }

    /// Makes a value below 80 m divisible by 16 and brings it below 16 m: sixteen times the canonical one.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn reduce(self) -> Self {
        let t = Constants::<P>::REF;
        let divisible = Self::new(by_index!(LIMBS, i => {
            let (low, high) = t.sixteenths[i].split_at(8);
            _mm512_add_epi64(self.limbs[i], _mm512_permutex2var_epi64(row(low), self.limbs[0], row(high)))
        }));
        let top = _mm512_srli_epi64::<24>(divisible.limbs[LIMBS - 1]);
        let quotient = _mm512_madd52hi_epu64(_mm512_setzero_si512(), top, all(t.reciprocal));
        divisible.minus_quotient(quotient, &t.quotients).carry().subtract_once(&t.multiples[16])
    }

    /// The canonical value of one below 8 m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn reduce_raw(self) -> Self {
        let t = Constants::<P>::REF;
        let top = _mm512_srli_epi64::<20>(self.limbs[LIMBS - 1]);
        let quotient = _mm512_madd52hi_epu64(_mm512_setzero_si512(), top, all(t.reciprocal));
        self.minus_quotient(quotient, &t.raw_quotients).carry().subtract_once(&t.modulus)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn wide_product(&self, other: &Self) -> Wide {
        let mut t = [_mm512_setzero_si512(); 2 * LIMBS];
        for i in 0..LIMBS {
            for j in 0..LIMBS {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], self.limbs[i], other.limbs[j]);
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], self.limbs[i], other.limbs[j]);
            }
        }
        t
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn wide_square(&self) -> Wide {
        let mut t = [_mm512_setzero_si512(); 2 * LIMBS];
        for i in 0..LIMBS {
            for j in i + 1..LIMBS {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], self.limbs[i], self.limbs[j]);
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], self.limbs[i], self.limbs[j]);
            }
        }
        t = by_index!(2 * LIMBS, i => _mm512_add_epi64(t[i], t[i]));
        for i in 0..LIMBS {
            t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], self.limbs[i], self.limbs[i]);
            t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], self.limbs[i], self.limbs[i]);
        }
        t
    }

    /// t / 2^260. Limbs are signed and of up to 60 bits, t is not negative.
    ///
    /// Four steps add k m' with m' = m inverse = -1 mod 2^52, so that k is the lowest limb itself, which leaves only a
    /// carry; they keep t below 2^52 m. The last one adds a multiple of m.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    fn reduce_wide(mut t: Wide) -> Self {
        let table = Constants::<P>::REF;
        for i in 0..LIMBS - 1 {
            let k = t[i];
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64::<BITS>(k));
            for j in 0..LIMBS {
                t[i + 1 + j] = _mm512_madd52lo_epu64(t[i + 1 + j], k, all(table.folded[j]));
                t[i + 2 + j] = _mm512_madd52hi_epu64(t[i + 2 + j], k, all(table.folded[j]));
            }
        }
        const LAST: usize = LIMBS - 1;
        let k = _mm512_madd52lo_epu64(_mm512_setzero_si512(), t[LAST], all(table.inverse));
        for j in 0..LIMBS {
            t[LAST + j] = _mm512_madd52lo_epu64(t[LAST + j], k, all(table.modulus[j]));
            t[LAST + 1 + j] = _mm512_madd52hi_epu64(t[LAST + 1 + j], k, all(table.modulus[j]));
        }
        t[LIMBS] = _mm512_add_epi64(t[LIMBS], _mm512_srai_epi64::<BITS>(t[LAST]));
        Self::new(by_index!(LIMBS, i => t[LIMBS + i])).carry()
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn multiply(&self, other: &Self) -> Self {
        Self::reduce_wide(self.wide_product(other))
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
    pub fn square(&self) -> Self {
        Self::reduce_wide(self.wide_square())
    }
}

/// Rows of words of eight elements that lie anywhere: at each address four words, at any alignment.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn gather(x: [*const __m256i; 8]) -> [__m512i; 4] {
    // In the order that makes rows come out in the order of elements.
    split_pairs([pair(x[0], x[2]), pair(x[1], x[3]), pair(x[4], x[6]), pair(x[5], x[7])])
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn pair(low: *const __m256i, high: *const __m256i) -> __m512i {
    // SAFETY: callers of `gather` pass addresses of four words.
    unsafe { _mm512_inserti64x4::<1>(_mm512_castsi256_si512(_mm256_loadu_si256(low)), _mm256_loadu_si256(high)) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn neighbours<P: FpParams>(x: &[Fp<P>; 8]) -> [__m512i; 4] {
    // SAFETY: eight elements are four times 64 bytes.
    by_index!(4, i => unsafe { _mm512_loadu_si512(x.as_ptr().add(2 * i).cast()) })
}

fn addresses<P: FpParams>(x: [&Fp<P>; 8]) -> [*const __m256i; 8] {
    x.map(|x| x.0.as_ptr().cast())
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn scatter<P: FpParams>(words: [__m512i; 4]) -> [Fp<P>; 8] {
    let mut out = [[0u64; 8]; 4];
    for (out, z) in out.iter_mut().zip(join_pairs(words)) {
        // SAFETY: eight words.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), z) };
    }
    let element = |pair: usize, half: usize| {
        let words = &out[pair][4 * half..];
        Fp::from_montgomery([words[0], words[1], words[2], words[3]])
    };
    [
        element(0, 0),
        element(1, 0),
        element(0, 1),
        element(1, 1),
        element(2, 0),
        element(3, 0),
        element(2, 1),
        element(3, 1),
    ]
}

/// Four rows of words from registers of two elements each.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn split_pairs([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (ab_low, ab_high) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let (cd_low, cd_high) = (_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
    [
        _mm512_shuffle_i64x2::<0x88>(ab_low, cd_low),
        _mm512_shuffle_i64x2::<0x88>(ab_high, cd_high),
        _mm512_shuffle_i64x2::<0xdd>(ab_low, cd_low),
        _mm512_shuffle_i64x2::<0xdd>(ab_high, cd_high),
    ]
}

/// The reverse of `split_pairs`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn join_pairs([w0, w1, w2, w3]: [__m512i; 4]) -> [__m512i; 4] {
    let (low_even, low_odd) = (_mm512_unpacklo_epi64(w0, w1), _mm512_unpackhi_epi64(w0, w1));
    let (high_even, high_odd) = (_mm512_unpacklo_epi64(w2, w3), _mm512_unpackhi_epi64(w2, w3));
    let first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    let last = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    [
        _mm512_permutex2var_epi64(low_even, first, high_even),
        _mm512_permutex2var_epi64(low_odd, first, high_odd),
        _mm512_permutex2var_epi64(low_even, last, high_even),
        _mm512_permutex2var_epi64(low_odd, last, high_odd),
    ]
}

/// Eight elements of the quadratic extension.
#[derive(Clone, Copy)]
pub struct Octet2 {
    c0: Octet<FqParams>,
    c1: Octet<FqParams>,
}

mod extension;
mod points;
#[cfg(test)]
mod tests;
