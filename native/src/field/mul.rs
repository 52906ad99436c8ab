//! Montgomery multiplication, four limbs: CIOS without the carry word, possible because both moduli leave the
//! top bit free (Acar's method as simplified by the gnark authors).
//!
//! On x86-64 with BMI2 and ADX two carry chains run side by side (mulx, adcx, adox). The choice is made once
//! per process and costs a well-predicted branch; the portable path stays out of line so that it does not
//! crowd the hot loops. WebAssembly has no product of 128 bits: there `mul_narrow` has limbs of 29.

#[cfg(target_arch = "x86_64")]
use std::sync::atomic::{AtomicU8, Ordering};

#[cfg(target_arch = "x86_64")]
static PATH: AtomicU8 = AtomicU8::new(UNKNOWN);
#[cfg(target_arch = "x86_64")]
const UNKNOWN: u8 = 0;
#[cfg(target_arch = "x86_64")]
const ADX: u8 = 1;
#[cfg(target_arch = "x86_64")]
const PORTABLE: u8 = 2;

/// a * b / 2^256 mod m, below m if both inputs are.
#[inline(always)]
pub fn montgomery_mul(a: &[u64; 4], b: &[u64; 4], m: &'static [u64; 4], inv: u64) -> [u64; 4] {
    #[cfg(target_arch = "x86_64")]
    {
        if PATH.load(Ordering::Relaxed) == ADX {
            // SAFETY: PATH says ADX only after BMI2 and ADX were detected.
            return unsafe { mul_adx(a, b, m, inv) };
        }
        detect_and_mul(a, b, m, inv)
    }
    #[cfg(target_arch = "wasm32")]
    {
        mul_narrow(a, b, m, inv)
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
    mul_portable(a, b, m, inv)
}

#[cfg(target_arch = "x86_64")]
#[cold]
#[inline(never)]
fn detect_and_mul(a: &[u64; 4], b: &[u64; 4], m: &'static [u64; 4], inv: u64) -> [u64; 4] {
    if PATH.load(Ordering::Relaxed) == UNKNOWN {
        let fast = is_x86_feature_detected!("bmi2") && is_x86_feature_detected!("adx");
        PATH.store(if fast { ADX } else { PORTABLE }, Ordering::Relaxed);
    }
    mul_portable(a, b, m, inv)
}

/// The path every machine has.
#[cfg(any(test, not(target_arch = "wasm32")))]
#[inline(always)]
pub fn mul_portable(a: &[u64; 4], b: &[u64; 4], m: &[u64; 4], inv: u64) -> [u64; 4] {
    let mut t = [0u64; 4];
    for &digit in b {
        let (low, mut product_carry) = multiply_add(a[0], digit, t[0], 0);
        let k = low.wrapping_mul(inv);
        let (_, mut reduce_carry) = multiply_add(k, m[0], low, 0);
        for j in 1..4 {
            let (sum, carry) = multiply_add(a[j], digit, t[j], product_carry);
            product_carry = carry;
            let (reduced, carry) = multiply_add(k, m[j], sum, reduce_carry);
            reduce_carry = carry;
            t[j - 1] = reduced;
        }
        t[3] = product_carry + reduce_carry;
    }
    subtract_once(t, m)
}

#[cfg(any(test, not(target_arch = "wasm32")))]
#[inline(always)]
fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let wide = a as u128 * b as u128 + c as u128 + d as u128;
    (wide as u64, (wide >> 64) as u64)
}

#[cfg(any(test, target_arch = "wasm32"))]
const NARROW_BITS: u32 = 29;
#[cfg(any(test, target_arch = "wasm32"))]
const NARROW: usize = 9;

/// The same product in limbs of 29 bits: 18 products of such, all that meet in a place, fit 64 bits without a carry. In V8 it
/// takes 0.4 of `mul_portable`'s time, and 0.6 of what each of two products side by side in `i64x2` takes.
#[cfg(any(test, target_arch = "wasm32"))]
#[inline(always)]
fn mul_narrow(a: &[u64; 4], b: &[u64; 4], m: &[u64; 4], inv: u64) -> [u64; 4] {
    const MASK: u64 = (1 << NARROW_BITS) - 1;
    // Nine rounds divide by 2^261: a factor of 2^5 makes that 2^256.
    let (a, b, modulus, m) = (narrow::<0>(a), narrow::<5>(b), m, narrow::<0>(m));
    let inv = inv & MASK;
    let mut t = [0u64; NARROW];
    for digit in b {
        let low = t[0] + a[0] * digit;
        let k = ((low & MASK) * inv) & MASK;
        let carry = (low + k * m[0]) >> NARROW_BITS;
        for j in 1..NARROW {
            t[j - 1] = t[j] + a[j] * digit + k * m[j];
        }
        t[NARROW - 1] = 0;
        t[0] += carry;
    }
    for i in 0..NARROW - 1 {
        t[i + 1] += t[i] >> NARROW_BITS;
        t[i] &= MASK;
    }
    let words = [
        t[0] | t[1] << 29 | t[2] << 58,
        t[2] >> 6 | t[3] << 23 | t[4] << 52,
        t[4] >> 12 | t[5] << 17 | t[6] << 46,
        t[6] >> 18 | t[7] << 11 | t[8] << 40,
    ];
    // Below a b / 2^256 + m.
    subtract_once(words, modulus)
}

/// x 2^SHIFT in limbs of 29 bits.
#[cfg(any(test, target_arch = "wasm32"))]
#[inline(always)]
fn narrow<const SHIFT: u32>(x: &[u64; 4]) -> [u64; NARROW] {
    std::array::from_fn(|i| {
        let start = NARROW_BITS * i as u32;
        if start < SHIFT {
            return x[0] << SHIFT & ((1 << NARROW_BITS) - 1);
        }
        let (word, bit) = (((start - SHIFT) / 64) as usize, (start - SHIFT) % 64);
        let high = if bit > 64 - NARROW_BITS && word < 3 { x[word + 1] << (64 - bit) } else { 0 };
        (x[word] >> bit | high) & ((1 << NARROW_BITS) - 1)
    })
}

/// t mod m for t < 2m.
#[inline(always)]
pub fn subtract_once(t: [u64; 4], m: &[u64; 4]) -> [u64; 4] {
    let (difference, borrow) = subtract(&t, m);
    // As masks, because a branch here would be mispredicted half the time.
    let keep = (borrow as u64).wrapping_neg();
    std::array::from_fn(|i| (t[i] & keep) | (difference[i] & !keep))
}

/// a + b mod 2^256, and the carry.
#[inline(always)]
pub fn add(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let mut out = [0u64; 4];
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::_addcarry_u64;
        // SAFETY: add with carry is part of the base instruction set.
        #[allow(unused_unsafe)]
        unsafe {
            let carry = _addcarry_u64(0, a[0], b[0], &mut out[0]);
            let carry = _addcarry_u64(carry, a[1], b[1], &mut out[1]);
            let carry = _addcarry_u64(carry, a[2], b[2], &mut out[2]);
            let carry = _addcarry_u64(carry, a[3], b[3], &mut out[3]);
            (out, carry != 0)
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let mut carry = false;
        for i in 0..4 {
            (out[i], carry) = a[i].carrying_add(b[i], carry);
        }
        (out, carry)
    }
}

/// a - b mod 2^256, and the borrow.
#[inline(always)]
pub fn subtract(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], bool) {
    let mut out = [0u64; 4];
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::_subborrow_u64;
        // SAFETY: subtract with borrow is part of the base instruction set.
        #[allow(unused_unsafe)]
        unsafe {
            let borrow = _subborrow_u64(0, a[0], b[0], &mut out[0]);
            let borrow = _subborrow_u64(borrow, a[1], b[1], &mut out[1]);
            let borrow = _subborrow_u64(borrow, a[2], b[2], &mut out[2]);
            let borrow = _subborrow_u64(borrow, a[3], b[3], &mut out[3]);
            (out, borrow != 0)
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let mut borrow = false;
        for i in 0..4 {
            (out[i], borrow) = a[i].borrowing_sub(b[i], borrow);
        }
        (out, borrow)
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn mul_adx(a: &[u64; 4], b: &[u64; 4], m: &'static [u64; 4], inv: u64) -> [u64; 4] {
    let (t0, t1, t2, t3): (u64, u64, u64, u64);
    // One round per limb of b: t += a * b[i] (low words on the OF chain, high words on the CF chain), then
    // t = (t + k * m) / 2^64 with k chosen so that the lowest word vanishes.
    std::arch::asm!(
        // round 0: t = a * b[0]
        "mov rdx, qword ptr [{b}]",
        "xor {lo:e}, {lo:e}",
        "mulx {t1}, {t0}, qword ptr [{a}]",
        "mulx {t2}, {lo}, qword ptr [{a} + 8]",
        "add {t1}, {lo}",
        "mulx {t3}, {lo}, qword ptr [{a} + 16]",
        "adc {t2}, {lo}",
        "mulx {hi}, {lo}, qword ptr [{a} + 24]",
        "adc {t3}, {lo}",
        "adc {hi}, 0",
        // reduce
        "mov rdx, {inv}",
        "imul rdx, {t0}",
        "xor {lo:e}, {lo:e}",
        "mulx {s}, {lo}, qword ptr [{m}]",
        "adcx {lo}, {t0}",
        "mov {t0}, {s}",
        "adcx {t0}, {t1}",
        "mulx {t1}, {lo}, qword ptr [{m} + 8]",
        "adox {t0}, {lo}",
        "adcx {t1}, {t2}",
        "mulx {t2}, {lo}, qword ptr [{m} + 16]",
        "adox {t1}, {lo}",
        "adcx {t2}, {t3}",
        "mulx {t3}, {lo}, qword ptr [{m} + 24]",
        "mov {s:e}, 0",
        "adox {t2}, {lo}",
        "adcx {t3}, {s}",
        "adox {t3}, {hi}",
        // round 1
        "mov rdx, qword ptr [{b} + 8]",
        "xor {lo:e}, {lo:e}",
        "mulx {hi}, {lo}, qword ptr [{a}]",
        "adox {t0}, {lo}",
        "adcx {t1}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 8]",
        "adox {t1}, {lo}",
        "adcx {t2}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 16]",
        "adox {t2}, {lo}",
        "adcx {t3}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 24]",
        "adox {t3}, {lo}",
        "adcx {hi}, {s}",
        "adox {hi}, {s}",
        "mov rdx, {inv}",
        "imul rdx, {t0}",
        "xor {lo:e}, {lo:e}",
        "mulx {s}, {lo}, qword ptr [{m}]",
        "adcx {lo}, {t0}",
        "mov {t0}, {s}",
        "adcx {t0}, {t1}",
        "mulx {t1}, {lo}, qword ptr [{m} + 8]",
        "adox {t0}, {lo}",
        "adcx {t1}, {t2}",
        "mulx {t2}, {lo}, qword ptr [{m} + 16]",
        "adox {t1}, {lo}",
        "adcx {t2}, {t3}",
        "mulx {t3}, {lo}, qword ptr [{m} + 24]",
        "mov {s:e}, 0",
        "adox {t2}, {lo}",
        "adcx {t3}, {s}",
        "adox {t3}, {hi}",
        // round 2
        "mov rdx, qword ptr [{b} + 16]",
        "xor {lo:e}, {lo:e}",
        "mulx {hi}, {lo}, qword ptr [{a}]",
        "adox {t0}, {lo}",
        "adcx {t1}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 8]",
        "adox {t1}, {lo}",
        "adcx {t2}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 16]",
        "adox {t2}, {lo}",
        "adcx {t3}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 24]",
        "adox {t3}, {lo}",
        "adcx {hi}, {s}",
        "adox {hi}, {s}",
        "mov rdx, {inv}",
        "imul rdx, {t0}",
        "xor {lo:e}, {lo:e}",
        "mulx {s}, {lo}, qword ptr [{m}]",
        "adcx {lo}, {t0}",
        "mov {t0}, {s}",
        "adcx {t0}, {t1}",
        "mulx {t1}, {lo}, qword ptr [{m} + 8]",
        "adox {t0}, {lo}",
        "adcx {t1}, {t2}",
        "mulx {t2}, {lo}, qword ptr [{m} + 16]",
        "adox {t1}, {lo}",
        "adcx {t2}, {t3}",
        "mulx {t3}, {lo}, qword ptr [{m} + 24]",
        "mov {s:e}, 0",
        "adox {t2}, {lo}",
        "adcx {t3}, {s}",
        "adox {t3}, {hi}",
        // round 3
        "mov rdx, qword ptr [{b} + 24]",
        "xor {lo:e}, {lo:e}",
        "mulx {hi}, {lo}, qword ptr [{a}]",
        "adox {t0}, {lo}",
        "adcx {t1}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 8]",
        "adox {t1}, {lo}",
        "adcx {t2}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 16]",
        "adox {t2}, {lo}",
        "adcx {t3}, {hi}",
        "mulx {hi}, {lo}, qword ptr [{a} + 24]",
        "adox {t3}, {lo}",
        "adcx {hi}, {s}",
        "adox {hi}, {s}",
        "mov rdx, {inv}",
        "imul rdx, {t0}",
        "xor {lo:e}, {lo:e}",
        "mulx {s}, {lo}, qword ptr [{m}]",
        "adcx {lo}, {t0}",
        "mov {t0}, {s}",
        "adcx {t0}, {t1}",
        "mulx {t1}, {lo}, qword ptr [{m} + 8]",
        "adox {t0}, {lo}",
        "adcx {t1}, {t2}",
        "mulx {t2}, {lo}, qword ptr [{m} + 16]",
        "adox {t1}, {lo}",
        "adcx {t2}, {t3}",
        "mulx {t3}, {lo}, qword ptr [{m} + 24]",
        "mov {s:e}, 0",
        "adox {t2}, {lo}",
        "adcx {t3}, {s}",
        "adox {t3}, {hi}",
        // t mod m
        "mov rdx, {t0}",
        "mov {lo}, {t1}",
        "mov {hi}, {t2}",
        "mov {s}, {t3}",
        "sub rdx, qword ptr [{m}]",
        "sbb {lo}, qword ptr [{m} + 8]",
        "sbb {hi}, qword ptr [{m} + 16]",
        "sbb {s}, qword ptr [{m} + 24]",
        "cmovnc {t0}, rdx",
        "cmovnc {t1}, {lo}",
        "cmovnc {t2}, {hi}",
        "cmovnc {t3}, {s}",
        a = in(reg) a.as_ptr(),
        b = in(reg) b.as_ptr(),
        m = in(reg) m.as_ptr(),
        inv = in(reg) inv,
        t0 = out(reg) t0,
        t1 = out(reg) t1,
        t2 = out(reg) t2,
        t3 = out(reg) t3,
        hi = out(reg) _,
        lo = out(reg) _,
        s = out(reg) _,
        out("rdx") _,
        options(pure, readonly, nostack),
    );
    [t0, t1, t2, t3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{FpParams, FqParams, FrParams};
    use crate::testing::Rng;

    #[test]
    fn all_paths_agree_on_random_and_extreme_inputs() {
        fn check<P: FpParams>() {
            let mut rng = Rng::new(1);
            let top = {
                let mut t = P::MODULUS;
                t[0] -= 1;
                t
            };
            let mut inputs = vec![[0u64; 4], [1, 0, 0, 0], top, P::R1, P::R2];
            inputs.extend((0..200).map(|_| rng.below(&P::MODULUS)));
            for a in &inputs {
                for b in &inputs {
                    let portable = mul_portable(a, b, &P::MODULUS, P::INV);
                    assert_eq!(mul_narrow(a, b, &P::MODULUS, P::INV), portable);
                    // The first time finds out what the processor has.
                    for _ in 0..2 {
                        assert_eq!(montgomery_mul(a, b, &P::MODULUS, P::INV), portable);
                    }
                }
            }
        }
        check::<FqParams>();
        check::<FrParams>();
    }
}
