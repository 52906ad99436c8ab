//! Four field elements side by side in AVX2 registers: nine limbs of 29 bits, one 64-bit lane an element, so that
//! products of limbs can pile up without carries (32 x 32 bits a lane and instruction, two instructions a cycle).
//!
//! The Montgomery radix stays 2^256: eight steps of 29 bits and a last one of 24, so that values load and store as they
//! lie in memory, with nothing to convert. Bounds are kept by hand, in multiples of the modulus m: with factors below
//! j m and k m a product is below (0.19 j k + 1) m.
//!
//! The trap: `difference` leaves limbs of up to 31 bits. One factor of a product may be such; the other must be
//! normalised, or sums of limb products overflow.

use super::{Fp, FpParams, Fq2, FqParams, Place};
use std::arch::x86_64::*;
use std::marker::PhantomData;

const LIMBS: usize = 9;
const BITS: u32 = 29;
const MASK: u64 = (1 << BITS) - 1;

type Row = [u64; 4];

/// A modulus's constants, each limb in all lanes; `multiply` knows the layout.
#[repr(C, align(32))]
struct Table {
    modulus: [Row; LIMBS],
    /// -m^-1 mod 2^29
    inverse: Row,
    mask: Row,
    last_mask: Row,
    /// 2^261 - m
    complement: [Row; LIMBS],
    /// 2 m, each limb but the last one 2^29 larger than its digit at the cost of the next.
    lifted: [Row; LIMBS],
    /// The same of 8 m.
    lifted_more: [Row; LIMBS],
    /// floor(2^32 / (m / 2^232))
    reciprocal: Row,
    /// m' = -1 mod 2^29, the least such multiple of m, without its lowest limb.
    multiple: [Row; LIMBS],
}

const fn digit(x: &[u64; 5], i: usize) -> u64 {
    let (word, shift) = (i * BITS as usize / 64, i * BITS as usize % 64);
    let high = if shift > 64 - BITS as usize && word < 4 { x[word + 1] << (64 - shift) } else { 0 };
    ((x[word] >> shift) | high) & MASK
}

const fn shift_left(m: &[u64; 4], by: u32) -> [u64; 5] {
    let over = 64 - by;
    [
        m[0] << by,
        (m[1] << by) | (m[0] >> over),
        (m[2] << by) | (m[1] >> over),
        (m[3] << by) | (m[2] >> over),
        m[3] >> over,
    ]
}

const fn table(m: &[u64; 4], inv: u64) -> Table {
    let single = [m[0], m[1], m[2], m[3], 0];
    let twice = shift_left(m, 1);
    let eight = shift_left(m, 3);
    let mut t = Table {
        modulus: [[0; 4]; LIMBS],
        inverse: [inv & MASK; 4],
        mask: [MASK; 4],
        last_mask: [(1 << 24) - 1; 4],
        complement: [[0; 4]; LIMBS],
        lifted: [[0; 4]; LIMBS],
        lifted_more: [[0; 4]; LIMBS],
        reciprocal: [(1 << 32) / ((m[3] >> 40) + 1); 4],
        multiple: [[0; 4]; LIMBS],
    };
    let mut carry = (digit(&single, 0) * (inv & MASK)) >> BITS;
    let mut i = 0;
    while i < LIMBS {
        t.modulus[i] = [digit(&single, i); 4];
        // The complement of each digit, plus one in all.
        t.complement[i] = [(MASK - digit(&single, i)) + (i == 0) as u64; 4];
        let lift = if i + 1 < LIMBS { 1 << BITS } else { 0 };
        let borrowed = if i > 0 { 1 } else { 0 };
        t.lifted[i] = [digit(&twice, i) + lift - borrowed; 4];
        let next = if i + 1 < LIMBS { digit(&single, i + 1) } else { 0 } * (inv & MASK) + carry;
        t.multiple[i] = [next & MASK; 4];
        carry = next >> BITS;
        t.lifted_more[i] = [digit(&eight, i) + lift - borrowed; 4];
        i += 1;
    }
    t
}

struct Constants<P>(PhantomData<P>);

impl<P: FpParams> Constants<P> {
    const TABLE: Table = table(&P::MODULUS, P::INV);
    const REF: &'static Table = &Self::TABLE;
}

/// Whether this processor can.
pub fn available() -> bool {
    is_x86_feature_detected!("avx2")
}

/// Four elements, limb by limb.
#[repr(C, align(32))]
#[derive(Clone, Copy)]
pub struct Lanes<P> {
    limbs: [__m256i; LIMBS],
    params: PhantomData<P>,
}

#[inline]
#[target_feature(enable = "avx2")]
fn constant(row: &Row) -> __m256i {
    // SAFETY: a row is 32 bytes.
    unsafe { _mm256_loadu_si256(row.as_ptr().cast()) }
}

impl<P: FpParams> Lanes<P> {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(limbs: [__m256i; LIMBS]) -> Self {
        Self { limbs, params: PhantomData }
    }

    /// One element in all lanes.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn broadcast(x: &Fp<P>) -> Self {
        Self::load([x, x, x, x])
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn load(x: [&Fp<P>; 4]) -> Self {
        // SAFETY: an element is four words.
        Self::from_words(x.map(|x| unsafe { _mm256_loadu_si256(x.0.as_ptr().cast()) }))
    }

    /// From places.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn load_places([a, b, c, d]: [Place<'_, Fp<P>>; 4]) -> Self {
        Self::load_at([a.start(), b.start(), c.start(), d.start()])
    }

    /// From the first bytes of four elements.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_at(starts: [*const u8; 4]) -> Self {
        // SAFETY: callers have places of elements, which are four words each.
        Self::from_words(starts.map(|start| unsafe { _mm256_loadu_si256(start.cast()) }))
    }

    /// From four elements' words, an element a register.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn from_words([a, b, c, d]: [__m256i; 4]) -> Self {
        let (ab_even, ab_odd) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
        let (cd_even, cd_odd) = (_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
        let w0 = _mm256_permute2x128_si256::<0x20>(ab_even, cd_even);
        let w1 = _mm256_permute2x128_si256::<0x20>(ab_odd, cd_odd);
        let w2 = _mm256_permute2x128_si256::<0x31>(ab_even, cd_even);
        let w3 = _mm256_permute2x128_si256::<0x31>(ab_odd, cd_odd);
        let mask = _mm256_set1_epi64x(MASK as i64);
        let cut = |x| _mm256_and_si256(x, mask);
        let or = |x, y| _mm256_or_si256(x, y);
        Self::new([
            cut(w0),
            cut(_mm256_srli_epi64::<29>(w0)),
            cut(or(_mm256_srli_epi64::<58>(w0), _mm256_slli_epi64::<6>(w1))),
            cut(_mm256_srli_epi64::<23>(w1)),
            cut(or(_mm256_srli_epi64::<52>(w1), _mm256_slli_epi64::<12>(w2))),
            cut(_mm256_srli_epi64::<17>(w2)),
            cut(or(_mm256_srli_epi64::<46>(w2), _mm256_slli_epi64::<18>(w3))),
            cut(_mm256_srli_epi64::<11>(w3)),
            _mm256_srli_epi64::<40>(w3),
        ])
    }

    /// The four elements; `self` is canonical (see `reduce`).
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn store(&self) -> [Fp<P>; 4] {
        let d = &self.limbs;
        let or = |x, y, z| _mm256_or_si256(_mm256_or_si256(x, y), z);
        let w0 = or(d[0], _mm256_slli_epi64::<29>(d[1]), _mm256_slli_epi64::<58>(d[2]));
        let w1 = or(_mm256_srli_epi64::<6>(d[2]), _mm256_slli_epi64::<23>(d[3]), _mm256_slli_epi64::<52>(d[4]));
        let w2 = or(_mm256_srli_epi64::<12>(d[4]), _mm256_slli_epi64::<17>(d[5]), _mm256_slli_epi64::<46>(d[6]));
        let w3 = or(_mm256_srli_epi64::<18>(d[6]), _mm256_slli_epi64::<11>(d[7]), _mm256_slli_epi64::<40>(d[8]));
        let (low_even, low_odd) = (_mm256_unpacklo_epi64(w0, w1), _mm256_unpackhi_epi64(w0, w1));
        let (high_even, high_odd) = (_mm256_unpacklo_epi64(w2, w3), _mm256_unpackhi_epi64(w2, w3));
        let words = [
            _mm256_permute2x128_si256::<0x20>(low_even, high_even),
            _mm256_permute2x128_si256::<0x20>(low_odd, high_odd),
            _mm256_permute2x128_si256::<0x31>(low_even, high_even),
            _mm256_permute2x128_si256::<0x31>(low_odd, high_odd),
        ];
        words.map(|word| {
            let mut out = [0u64; 4];
            // SAFETY: four words.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), word) };
            Fp::from_montgomery(out)
        })
    }

    /// self + other, limbs not normalised.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn sum(&self, other: &Self) -> Self {
        let mut out = *self;
        for i in 0..LIMBS {
            out.limbs[i] = _mm256_add_epi64(self.limbs[i], other.limbs[i]);
        }
        out
    }

    /// self - other + 2 m for normalised other below 1.9 m, limbs not normalised.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn difference(&self, other: &Self) -> Self {
        let lifted = &Constants::<P>::REF.lifted;
        let mut out = *self;
        for i in 0..LIMBS {
            let positive = _mm256_add_epi64(self.limbs[i], constant(&lifted[i]));
            out.limbs[i] = _mm256_sub_epi64(positive, other.limbs[i]);
        }
        out
    }

    /// self - other + 8 m for normalised other below 7.9 m, limbs not normalised.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn lift_difference(&self, other: &Self) -> Self {
        let lifted = &Constants::<P>::REF.lifted_more;
        let mut out = *self;
        for i in 0..LIMBS {
            let positive = _mm256_add_epi64(self.limbs[i], constant(&lifted[i]));
            out.limbs[i] = _mm256_sub_epi64(positive, other.limbs[i]);
        }
        out
    }

    /// self - 8 other + 16 m for normalised other below 1.9 m, limbs not normalised.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn less_eight(&self, other: &Self) -> Self {
        let lifted = &Constants::<P>::REF.lifted;
        let mut out = *self;
        for i in 0..LIMBS {
            let negative = _mm256_sub_epi64(constant(&lifted[i]), other.limbs[i]);
            out.limbs[i] = _mm256_add_epi64(self.limbs[i], _mm256_slli_epi64::<3>(negative));
        }
        out
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn square(&self) -> Self {
        self.multiply(self)
    }

    /// Limbs of 29 bits again.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn carry(&mut self) {
        let mask = _mm256_set1_epi64x(MASK as i64);
        for i in 0..LIMBS - 1 {
            let carry = _mm256_srli_epi64::<29>(self.limbs[i]);
            self.limbs[i + 1] = _mm256_add_epi64(self.limbs[i + 1], carry);
            self.limbs[i] = _mm256_and_si256(self.limbs[i], mask);
        }
    }

    /// Anything below 30 m, normalised and below 1.03 m.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn settle(mut self) -> Self {
        let t = Constants::<P>::REF;
        let mask = _mm256_set1_epi64x(MASK as i64);
        self.carry();
        // Never more than the quotient by m, and less by at most a fortieth before its fraction is cut off.
        let quotient = _mm256_srli_epi64::<32>(_mm256_mul_epu32(self.limbs[8], constant(&t.reciprocal)));
        // Minus m is plus 2^261 - m; what leaves the top limb goes.
        for i in 0..LIMBS {
            let product = _mm256_mul_epu32(quotient, constant(&t.complement[i]));
            self.limbs[i] = _mm256_add_epi64(self.limbs[i], product);
        }
        self.carry();
        self.limbs[8] = _mm256_and_si256(self.limbs[8], mask);
        self
    }

    /// The canonical value of anything below 30 m.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn reduce(self) -> Self {
        let t = Constants::<P>::REF;
        let mask = _mm256_set1_epi64x(MASK as i64);
        let mut out = self.settle();
        let mut less = out;
        for i in 0..LIMBS {
            less.limbs[i] = _mm256_add_epi64(out.limbs[i], constant(&t.complement[i]));
        }
        less.carry();
        // A carry out of the top says that m could be taken away.
        let fits = _mm256_cmpgt_epi64(less.limbs[8], mask);
        less.limbs[8] = _mm256_and_si256(less.limbs[8], mask);
        for i in 0..LIMBS {
            out.limbs[i] = _mm256_blendv_epi8(out.limbs[i], less.limbs[i], fits);
        }
        out
    }

    /// Montgomery product, normalised. `other` is normalised, `self` may have limbs of 31 bits.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn multiply(&self, other: &Self) -> Self {
        let mut out = std::mem::MaybeUninit::<Self>::uninit();
        // SAFETY: reads two values and the table, writes `out` whole; AVX2 is enabled.
        unsafe {
            multiply_limbs(self.limbs.as_ptr(), other.limbs.as_ptr(), Constants::<P>::REF, out.as_mut_ptr().cast());
            out.assume_init()
        }
    }
}

/// Four elements of the quadratic extension.
#[derive(Clone, Copy)]
pub struct Lanes2 {
    c0: Lanes<FqParams>,
    c1: Lanes<FqParams>,
}

impl Lanes2 {
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn broadcast(x: &Fq2) -> Self {
        Self { c0: Lanes::broadcast(&x.c0), c1: Lanes::broadcast(&x.c1) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn load(x: [&Fq2; 4]) -> Self {
        Self { c0: Lanes::load(x.map(|x| &x.c0)), c1: Lanes::load(x.map(|x| &x.c1)) }
    }

    /// From places.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn load_places([a, b, c, d]: [Place<'_, Fq2>; 4]) -> Self {
        let starts = [a.start(), b.start(), c.start(), d.start()];
        // The second part lies 32 bytes behind the first.
        let (c0, c1) = (Lanes::load_at(starts), Lanes::load_at(starts.map(|start| start.wrapping_add(32))));
        Self { c0, c1 }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn store(&self) -> [Fq2; 4] {
        let (c0, c1) = (self.c0.store(), self.c1.store());
        std::array::from_fn(|i| Fq2 { c0: c0[i], c1: c1[i] })
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn difference(&self, other: &Self) -> Self {
        Self { c0: self.c0.difference(&other.c0), c1: self.c1.difference(&other.c1) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn reduce(self) -> Self {
        Self { c0: self.c0.reduce(), c1: self.c1.reduce() }
    }

    /// Canonical. `other` is normalised, `self` may be a difference of canonical values.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn multiply(&self, other: &Self) -> Self {
        let low = self.c0.multiply(&other.c0);
        let high = self.c1.multiply(&other.c1);
        let mut left = self.c0.sum(&self.c1);
        let mut right = other.c0.sum(&other.c1);
        left.carry();
        right.carry();
        let cross = left.multiply(&right);
        let c0 = low.lift_difference(&high);
        let c1 = cross.lift_difference(&low).lift_difference(&high);
        Self { c0: c0.reduce(), c1: c1.reduce() }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn square(&self) -> Self {
        self.multiply(self)
    }
}

/// t += a[i] b, then t = (t + k m') / 2^29 with k the lowest limb itself, because m' = -1 mod 2^29: that limb's sum is
/// k 2^29, a carry. Division is by renaming registers: $t0 is used up, $t9 becomes the new highest limb.
macro_rules! step {
    ($i:literal, $t0:literal, $t1:literal, $t2:literal, $t3:literal, $t4:literal, $t5:literal, $t6:literal, $t7:literal, $t8:literal, $t9:literal) => {
        concat!(
            "vmovdqu ymm10, [{a} + 32*",
            $i,
            "]\n",
            "vpmuludq ymm12, ymm10, [{b}]\n",
            "vpaddq ",
            $t0,
            ", ",
            $t0,
            ", ymm12\n",
            "vpand ymm11, ",
            $t0,
            ", ymm14\n",
            "vpsrlq ",
            $t0,
            ", ",
            $t0,
            ", 29\n",
            "vpmuludq ymm13, ymm10, [{b} + 32]\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ymm13\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ",
            $t0,
            "\n",
            "vpmuludq ymm12, ymm11, [{m} + 1280]\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ymm11\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 64]\n",
            "vpaddq ",
            $t2,
            ", ",
            $t2,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 1312]\n",
            "vpaddq ",
            $t2,
            ", ",
            $t2,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 96]\n",
            "vpaddq ",
            $t3,
            ", ",
            $t3,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 1344]\n",
            "vpaddq ",
            $t3,
            ", ",
            $t3,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 128]\n",
            "vpaddq ",
            $t4,
            ", ",
            $t4,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 1376]\n",
            "vpaddq ",
            $t4,
            ", ",
            $t4,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 160]\n",
            "vpaddq ",
            $t5,
            ", ",
            $t5,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 1408]\n",
            "vpaddq ",
            $t5,
            ", ",
            $t5,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 192]\n",
            "vpaddq ",
            $t6,
            ", ",
            $t6,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 1440]\n",
            "vpaddq ",
            $t6,
            ", ",
            $t6,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 224]\n",
            "vpaddq ",
            $t7,
            ", ",
            $t7,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 1472]\n",
            "vpaddq ",
            $t7,
            ", ",
            $t7,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 256]\n",
            "vpaddq ",
            $t8,
            ", ",
            $t8,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 1504]\n",
            "vpaddq ",
            $t8,
            ", ",
            $t8,
            ", ymm12\n",
            "vpmuludq ",
            $t9,
            ", ymm11, [{m} + 1536]\n",
        )
    };
}

/// The same with m itself and k = -t / m modulo the mask at offset $mask, so that the result comes out below a small
/// multiple of m. $t0 keeps its lowest 29 bits.
macro_rules! last_step {
    ($i:literal, $mask:literal, $t0:literal, $t1:literal, $t2:literal, $t3:literal, $t4:literal, $t5:literal, $t6:literal, $t7:literal, $t8:literal) => {
        concat!(
            "vmovdqu ymm10, [{a} + 32*",
            $i,
            "]\n",
            "vpmuludq ymm12, ymm10, [{b}]\n",
            "vpaddq ",
            $t0,
            ", ",
            $t0,
            ", ymm12\n",
            "vpmuludq ymm11, ",
            $t0,
            ", [{m} + 288]\n",
            "vpmuludq ymm13, ymm10, [{b} + 32]\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ymm13\n",
            "vpand ymm11, ymm11, [{m} + ",
            $mask,
            "]\n",
            "vpmuludq ymm12, ymm10, [{b} + 64]\n",
            "vpaddq ",
            $t2,
            ", ",
            $t2,
            ", ymm12\n",
            "vpmuludq ymm13, ymm11, [{m}]\n",
            "vpaddq ",
            $t0,
            ", ",
            $t0,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 32]\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ymm12\n",
            "vpsrlq ymm13, ",
            $t0,
            ", 29\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ymm13\n",
            "vpmuludq ymm12, ymm10, [{b} + 96]\n",
            "vpaddq ",
            $t3,
            ", ",
            $t3,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 128]\n",
            "vpaddq ",
            $t4,
            ", ",
            $t4,
            ", ymm13\n",
            "vpmuludq ymm12, ymm10, [{b} + 160]\n",
            "vpaddq ",
            $t5,
            ", ",
            $t5,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 192]\n",
            "vpaddq ",
            $t6,
            ", ",
            $t6,
            ", ymm13\n",
            "vpmuludq ymm12, ymm10, [{b} + 224]\n",
            "vpaddq ",
            $t7,
            ", ",
            $t7,
            ", ymm12\n",
            "vpmuludq ymm13, ymm10, [{b} + 256]\n",
            "vpaddq ",
            $t8,
            ", ",
            $t8,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 64]\n",
            "vpaddq ",
            $t2,
            ", ",
            $t2,
            ", ymm12\n",
            "vpmuludq ymm13, ymm11, [{m} + 96]\n",
            "vpaddq ",
            $t3,
            ", ",
            $t3,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 128]\n",
            "vpaddq ",
            $t4,
            ", ",
            $t4,
            ", ymm12\n",
            "vpmuludq ymm13, ymm11, [{m} + 160]\n",
            "vpaddq ",
            $t5,
            ", ",
            $t5,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 192]\n",
            "vpaddq ",
            $t6,
            ", ",
            $t6,
            ", ymm12\n",
            "vpmuludq ymm13, ymm11, [{m} + 224]\n",
            "vpaddq ",
            $t7,
            ", ",
            $t7,
            ", ymm13\n",
            "vpmuludq ymm12, ymm11, [{m} + 256]\n",
            "vpaddq ",
            $t8,
            ", ",
            $t8,
            ", ymm12\n",
        )
    };
}

/// Carries a limb's excess into the next.
macro_rules! carry {
    ($t0:literal, $t1:literal) => {
        concat!(
            "vpsrlq ymm10, ",
            $t0,
            ", 29\n",
            "vpaddq ",
            $t1,
            ", ",
            $t1,
            ", ymm10\n",
            "vpand ",
            $t0,
            ", ",
            $t0,
            ", ymm14\n",
        )
    };
}

/// Stores limb $i of t / 2^24.
macro_rules! realign {
    ($i:literal, $t0:literal, $t1:literal) => {
        concat!(
            "vpsrlq ",
            $t0,
            ", ",
            $t0,
            ", 24\n",
            "vpsllq ymm10, ",
            $t1,
            ", 5\n",
            "vpand ymm10, ymm10, ymm14\n",
            "vpor ",
            $t0,
            ", ",
            $t0,
            ", ymm10\n",
            "vmovdqu [{out} + 32*",
            $i,
            "], ",
            $t0,
            "\n",
        )
    };
}

/// Written out because the compiler, given intrinsics, keeps half the accumulators in memory.
#[inline(always)]
unsafe fn multiply_limbs(a: *const __m256i, b: *const __m256i, table: &'static Table, out: *mut __m256i) {
    std::arch::asm!(
        "vmovdqa ymm14, [{m} + 320]",
        "vpxor xmm0, xmm0, xmm0",
        "vpxor xmm1, xmm1, xmm1",
        "vpxor xmm2, xmm2, xmm2",
        "vpxor xmm3, xmm3, xmm3",
        "vpxor xmm4, xmm4, xmm4",
        "vpxor xmm5, xmm5, xmm5",
        "vpxor xmm6, xmm6, xmm6",
        "vpxor xmm7, xmm7, xmm7",
        "vpxor xmm8, xmm8, xmm8",
        step!(0, "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9"),
        step!(1, "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9", "ymm0"),
        step!(2, "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9", "ymm0", "ymm1"),
        step!(3, "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9", "ymm0", "ymm1", "ymm2"),
        step!(4, "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9", "ymm0", "ymm1", "ymm2", "ymm3"),
        step!(5, "ymm5", "ymm6", "ymm7", "ymm8", "ymm9", "ymm0", "ymm1", "ymm2", "ymm3", "ymm4"),
        step!(6, "ymm6", "ymm7", "ymm8", "ymm9", "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5"),
        last_step!(7, "320", "ymm7", "ymm8", "ymm9", "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5"),
        "vpxor xmm7, xmm7, xmm7",
        last_step!(8, "352", "ymm8", "ymm9", "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm7"),
        // The last step divides by 2^24 only: its lowest limb stays, and `last_step!` has carried it already.
        "vpand ymm8, ymm8, ymm14",
        carry!("ymm9", "ymm0"),
        carry!("ymm0", "ymm1"),
        carry!("ymm1", "ymm2"),
        carry!("ymm2", "ymm3"),
        carry!("ymm3", "ymm4"),
        carry!("ymm4", "ymm5"),
        carry!("ymm5", "ymm7"),
        realign!(0, "ymm8", "ymm9"),
        realign!(1, "ymm9", "ymm0"),
        realign!(2, "ymm0", "ymm1"),
        realign!(3, "ymm1", "ymm2"),
        realign!(4, "ymm2", "ymm3"),
        realign!(5, "ymm3", "ymm4"),
        realign!(6, "ymm4", "ymm5"),
        realign!(7, "ymm5", "ymm7"),
        "vpsrlq ymm7, ymm7, 24",
        "vmovdqu [{out} + 256], ymm7",
        a = in(reg) a,
        b = in(reg) b,
        m = in(reg) table,
        out = in(reg) out,
        out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _,
        out("ymm4") _, out("ymm5") _, out("ymm6") _, out("ymm7") _,
        out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _,
        out("ymm12") _, out("ymm13") _, out("ymm14") _,
        options(nostack, preserves_flags),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Field, Fq, FqParams, Fr, FrParams};
    use crate::testing::Rng;

    impl<P: FpParams> Lanes<P> {
        /// Normalised, and below 1.03 times the modulus.
        fn is_settled(&self) -> bool {
            let mut limbs = [[0u64; 4]; LIMBS];
            for (row, limb) in limbs.iter_mut().zip(&self.limbs) {
                // SAFETY: a row is 32 bytes.
                unsafe { _mm256_storeu_si256(row.as_mut_ptr().cast(), *limb) };
            }
            let bound = 1.03 * (P::MODULUS[3] as f64 / (1u64 << 40) as f64);
            (0..4).all(|lane| limbs.iter().all(|row| row[lane] <= MASK) && (limbs[8][lane] as f64) < bound)
        }
    }

    #[target_feature(enable = "avx2")]
    fn check<P: FpParams>(elements: &[Fp<P>]) {
        for (a, b) in elements.chunks_exact(4).flat_map(|a| elements.chunks_exact(4).map(move |b| (a, b))) {
            let (x, y) = (Lanes::load([&a[0], &a[1], &a[2], &a[3]]), Lanes::load([&b[0], &b[1], &b[2], &b[3]]));
            assert_eq!(x.store(), a);
            let each = |op: fn(&Fp<P>, &Fp<P>) -> Fp<P>| std::array::from_fn(|i| op(&a[i], &b[i]));
            assert_eq!(x.sum(&y).reduce().store(), each(|a, b| a.add(b)));
            assert_eq!(x.difference(&y).reduce().store(), each(|a, b| a.sub(b)));
            assert_eq!(x.multiply(&y).reduce().store(), each(|a, b| a.mul(b)));
            assert_eq!(x.less_eight(&y).reduce().store(), each(|a, b| a.sub(&b.double().double().double())));
            // The largest multiple of m that may be settled, and what comes of it.
            let large = x.less_eight(&y).less_eight(&Lanes::broadcast(&Fp::<P>::ZERO.sub(&Fp::ONE))).settle();
            assert!(large.is_settled());
            let eight = Fp::<P>::ONE.double().double().double();
            assert_eq!(
                large.reduce().store(),
                each(|a, b| a.sub(&b.double().double().double())).map(|value| value.add(&eight))
            );
            // The largest limbs that any caller multiplies.
            let wide = x.difference(&y).multiply(&x.multiply(&y)).reduce().store();
            assert_eq!(wide, each(|a, b| a.sub(b).mul(&a.mul(b))));
        }
    }

    #[test]
    fn four_lanes_agree_with_four_elements() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        let mut rng = Rng::new(70);
        let mut fq = vec![Fq::ZERO, Fq::ONE, Fq::ONE.neg(), Fq::from_montgomery([1, 0, 0, 0])];
        fq.extend((0..4).map(|i| Fq::from_montgomery([1 << i, 0, 0, 0]).neg()));
        fq.extend((0..120).map(|_| Fq::from_canonical(rng.below(&FqParams::MODULUS))));
        let mut fr = vec![Fr::ZERO, Fr::ONE, Fr::ONE.neg(), Fr::from_montgomery([1, 0, 0, 0])];
        fr.extend((0..120).map(|_| Fr::from_canonical(rng.below(&FrParams::MODULUS))));
        // SAFETY: AVX2 was found.
        unsafe {
            check(&fq);
            check(&fr);
        }
    }
}
