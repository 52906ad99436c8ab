//! Modular inversion by binary GCD on approximations, after T. Pornin, "Optimized Binary GCD for Modular
//! Inversion" (eprint 2020/972): 31 steps at a time on 64-bit stand-ins, then one exact update.
//!
//! The trap: each round divides the Bézout coefficients by 2^31 modulo m, so nothing remains to be undone at
//! the end. Stops when the work is done, so its running time depends on the value.

const STEPS: u32 = 31;
const LOW_MASK: u64 = (1 << STEPS) - 1;
const BIAS: u64 = 0x7fff_ffff_7fff_ffff;

/// y^-1 mod m for odd m of at most 255 bits and y < m; zero for zero.
pub fn inverse_mod(y: &[u64; 4], m: &[u64; 4]) -> [u64; 4] {
    let m_inverse = negated_inverse_31(m[0]);
    let mut a = *y;
    let mut b = *m;
    let mut u = [1u64, 0, 0, 0];
    let mut v = [0u64; 4];
    while a != [0; 4] {
        let (a_stand_in, b_stand_in) = approximate(&a, &b);
        let (f0, g0, f1, g1) = inner_steps(a_stand_in, b_stand_in);
        let (new_a, a_negative) = combine(&a, &b, f0, g0);
        let (new_b, b_negative) = combine(&a, &b, f1, g1);
        let (f0, g0) = if a_negative { (-f0, -g0) } else { (f0, g0) };
        let (f1, g1) = if b_negative { (-f1, -g1) } else { (f1, g1) };
        let new_u = combine_mod(&u, &v, f0, g0, m, m_inverse);
        let new_v = combine_mod(&u, &v, f1, g1, m, m_inverse);
        (a, b, u, v) = (new_a, new_b, new_u, new_v);
    }
    v
}

/// -m^-1 mod 2^31
fn negated_inverse_31(m: u64) -> u64 {
    let mut inverse = 1u64;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(m.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg() & LOW_MASK
}

/// The low 31 bits of each number below the 33 bits at the top of the longer one.
#[inline(always)]
fn approximate(a: &[u64; 4], b: &[u64; 4]) -> (u64, u64) {
    let mut i = 3;
    while i > 0 && a[i] | b[i] == 0 {
        i -= 1;
    }
    if i == 0 {
        return (a[0], b[0]);
    }
    let shift = (a[i] | b[i]).leading_zeros();
    let top = |x: &[u64; 4]| {
        let wide = ((x[i] as u128) << 64) | x[i - 1] as u128;
        ((wide << shift) >> 64) as u64
    };
    let join = |x: &[u64; 4]| (x[0] & LOW_MASK) | ((top(x) >> STEPS) << STEPS);
    (join(a), join(b))
}

#[inline(always)]
fn inner_steps(mut a: u64, mut b: u64) -> (i64, i64, i64, i64) {
    // f in the low half and g in the high half of one word each.
    let mut fg0 = 1u64;
    let mut fg1 = 1u64 << 32;
    for _ in 0..STEPS {
        let odd = (a & 1).wrapping_neg();
        let swap = odd & ((a < b) as u64).wrapping_neg();
        let mix = (a ^ b) & swap;
        a ^= mix;
        b ^= mix;
        let mix = (fg0 ^ fg1) & swap;
        fg0 ^= mix;
        fg1 ^= mix;
        a = a.wrapping_sub(b & odd) >> 1;
        fg0 = fg0.wrapping_sub(fg1 & odd);
        fg1 = fg1.wrapping_shl(1);
    }
    let unpack = |fg: u64| {
        let biased = fg.wrapping_add(BIAS);
        ((biased & 0xffff_ffff) as i64 - 0x7fff_ffff, (biased >> 32) as i64 - 0x7fff_ffff)
    };
    let (f0, g0) = unpack(fg0);
    let (f1, g1) = unpack(fg1);
    (f0, g0, f1, g1)
}

/// |a f + b g| / 2^31, and whether it was negative.
#[inline(always)]
fn combine(a: &[u64; 4], b: &[u64; 4], f: i64, g: i64) -> ([u64; 4], bool) {
    let mut words = [0u64; 5];
    let mut carry = 0i128;
    for i in 0..4 {
        carry += a[i] as i128 * f as i128 + b[i] as i128 * g as i128;
        words[i] = carry as u64;
        carry >>= 64;
    }
    words[4] = carry as u64;
    let negative = carry < 0;
    if negative {
        let mut borrow = 1u64;
        for word in words.iter_mut() {
            let (inverted, overflow) = (!*word).overflowing_add(borrow);
            *word = inverted;
            borrow = overflow as u64;
        }
    }
    let mut out = [0u64; 4];
    for i in 0..4 {
        out[i] = (words[i] >> STEPS) | (words[i + 1] << (64 - STEPS));
    }
    (out, negative)
}

/// (u f + v g) / 2^31 mod m
#[inline(always)]
fn combine_mod(u: &[u64; 4], v: &[u64; 4], f: i64, g: i64, m: &[u64; 4], m_inverse: u64) -> [u64; 4] {
    let low = u[0].wrapping_mul(f as u64).wrapping_add(v[0].wrapping_mul(g as u64));
    let k = (low.wrapping_mul(m_inverse) & LOW_MASK) as i128;
    let mut words = [0u64; 5];
    let mut carry = 0i128;
    for i in 0..4 {
        carry += u[i] as i128 * f as i128 + v[i] as i128 * g as i128 + m[i] as i128 * k;
        words[i] = carry as u64;
        carry >>= 64;
    }
    words[4] = carry as u64;
    let mut out = [0u64; 4];
    for i in 0..4 {
        out[i] = (words[i] >> STEPS) | (words[i + 1] << (64 - STEPS));
    }
    // The sum lies in (-2m, 3m) before the division's rounding is exact: bring it into [0, m).
    let mut top = (carry as i64) >> STEPS;
    while top < 0 {
        top += add_in_place(&mut out, m) as i64;
    }
    while top > 0 || !super::fp::is_below(&out, m) {
        top -= subtract_in_place(&mut out, m) as i64;
    }
    out
}

#[inline(always)]
fn add_in_place(a: &mut [u64; 4], b: &[u64; 4]) -> bool {
    let mut carry = false;
    for i in 0..4 {
        (a[i], carry) = a[i].carrying_add(b[i], carry);
    }
    carry
}

#[inline(always)]
fn subtract_in_place(a: &mut [u64; 4], b: &[u64; 4]) -> bool {
    let mut borrow = false;
    for i in 0..4 {
        (a[i], borrow) = a[i].borrowing_sub(b[i], borrow);
    }
    borrow
}
