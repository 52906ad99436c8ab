//! The bucket method over signed half-width scalars.

use crate::curve::batch::{sum_groups, Entry, ScratchPool};
use crate::curve::{Affine, CurveField, HalfScalar, PointSource, Xyzz};
use rayon::prelude::*;

/// Entries that one task sums; below this, splitting a window over threads does not pay.
const TASK_ENTRIES: usize = 1 << 13;

/// The sum of scalars[i] times point i. `bits` bounds the magnitudes: all are below 2^bits, bits <= 127.
pub fn bucket_msm<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    scalars: &[HalfScalar],
    bits: u32,
    pool: &ScratchPool<F>,
) -> Xyzz<F> {
    if scalars.is_empty() || bits == 0 {
        return Xyzz::INFINITY;
    }
    let width = window_width(scalars.len(), bits);
    let windows = windows_for(bits, width);
    // Enough windows keep all threads busy by themselves; splitting each would only cost memory.
    let split = (windows as usize) < 4 * rayon::current_num_threads();
    let sums: Vec<Xyzz<F>> = (0..windows)
        .into_par_iter()
        .map(|w| window_sum(source, scalars, &Digits::new(w, windows, width), split, pool))
        .collect();
    let mut total = Xyzz::INFINITY;
    for sum in sums.iter().rev() {
        for _ in 0..width {
            total = total.double();
        }
        total = total.add(sum);
    }
    total
}

/// One bit more than the magnitude, for the sign that a window borrows from the next.
fn windows_for(bits: u32, width: u32) -> u32 {
    (bits + 1).div_ceil(width)
}

/// The width with the fewest affine additions: filling takes one for each point less one for each bucket, folding two
/// for each bucket.
fn window_width(count: usize, bits: u32) -> u32 {
    let cost = |width: u32| {
        let buckets = 1usize << (width - 1);
        let running = 6usize << (width / 2);
        windows_for(bits, width) as usize * (count + buckets.min(count) + running)
    };
    (2..=20).min_by_key(|&width| cost(width)).unwrap_or(8)
}

fn window_sum<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    scalars: &[HalfScalar],
    digits: &Digits,
    split: bool,
    pool: &ScratchPool<F>,
) -> Xyzz<F> {
    let (entries, offsets) = sort_by_digit(scalars, digits);
    let buckets = sum_all_groups(source, &entries, &offsets, split, pool);
    drop((entries, offsets));
    fold_buckets(&buckets, split, pool)
}

/// Entries ordered by the magnitude of their digit in this window, 1 to 2^(width-1), and where each group starts. Zero
/// digits are dropped.
fn sort_by_digit(scalars: &[HalfScalar], digits: &Digits) -> (Vec<Entry>, Vec<u32>) {
    let groups = 1usize << (digits.width - 1);
    // Group d counts in place d + 1 and digit zero in place 0, so that sums are starts.
    let mut offsets = vec![0u32; groups + 2];
    for scalar in scalars {
        offsets[digits.of(*scalar).unsigned_abs() as usize + 1] += 1;
    }
    offsets[1] = 0;
    for i in 1..offsets.len() {
        offsets[i] += offsets[i - 1];
    }
    let mut entries = vec![Entry::new(0, false); offsets[groups + 1] as usize];
    for (i, scalar) in scalars.iter().enumerate() {
        let digit = digits.of(*scalar);
        if digit != 0 {
            let slot = &mut offsets[digit.unsigned_abs() as usize];
            entries[*slot as usize] = Entry::new(i, digit.is_negative() != scalar.is_negative());
            *slot += 1;
        }
    }
    // Filling moved each start to its group's end, which is the next group's start.
    offsets.truncate(groups + 1);
    (entries, offsets)
}

/// Signed digits, each independent of the others: with half a window's range added in every window but the last, the
/// bits of a window are its digit plus that half.
struct Digits {
    width: u32,
    /// What is added to a magnitude.
    halves: u128,
    shift: u32,
    mask: u32,
    /// What is taken from this window's bits.
    half: i32,
}

impl Digits {
    /// Window `window` of `count`.
    fn new(window: u32, count: u32, width: u32) -> Self {
        let halves = (0..count - 1).fold(0u128, |sum, i| sum | 1 << (i * width + width - 1));
        let last = window + 1 == count;
        Self {
            width,
            halves,
            shift: window * width,
            // The last window's bits may reach 2^(width-1) by a carry, but have no sign of their own.
            mask: if last { u32::MAX } else { (1 << width) - 1 },
            half: if last { 0 } else { 1 << (width - 1) },
        }
    }

    /// The digit of a scalar's magnitude, from -2^(width-1) to 2^(width-1).
    #[inline(always)]
    fn of(&self, scalar: HalfScalar) -> i32 {
        let bits = ((scalar.magnitude() + self.halves) >> self.shift) as u32 & self.mask;
        bits as i32 - self.half
    }
}

/// `sum_groups`, over the pool's threads if `split`.
fn sum_all_groups<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    entries: &[Entry],
    offsets: &[u32],
    split: bool,
    pool: &ScratchPool<F>,
) -> Vec<Affine<F>> {
    let groups = offsets.len() - 1;
    let mut out = vec![Affine::INFINITY; groups];
    if split {
        split_and_sum(source, entries, offsets, &mut out, pool);
    } else {
        pool.with(|scratch| sum_groups(source, entries, offsets, &mut out, scratch));
    }
    out
}

fn split_and_sum<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    entries: &[Entry],
    offsets: &[u32],
    out: &mut [Affine<F>],
    pool: &ScratchPool<F>,
) {
    let (start, end) = (offsets[0] as usize, offsets[out.len()] as usize);
    if out.len() < 2 || end - start <= 2 * TASK_ENTRIES {
        pool.with(|scratch| sum_groups(source, entries, offsets, out, scratch));
        return;
    }
    let middle = ((start + end) / 2) as u32;
    let cut = offsets.partition_point(|&offset| offset < middle).clamp(1, out.len() - 1);
    let (left, right) = out.split_at_mut(cut);
    rayon::join(
        || split_and_sum(source, entries, &offsets[..=cut], left, pool),
        || split_and_sum(source, entries, &offsets[cut..], right, pool),
    );
}

/// The sum of one group of any size over the pool's threads.
pub fn parallel_sum<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    entries: &[Entry],
    pool: &ScratchPool<F>,
) -> Xyzz<F> {
    let partial: Vec<Affine<F>> = entries
        .par_chunks(TASK_ENTRIES)
        .map(|chunk| {
            let mut sum = [Affine::INFINITY];
            pool.with(|scratch| sum_groups(source, chunk, &[0, chunk.len() as u32], &mut sum, scratch));
            sum[0]
        })
        .collect();
    partial.iter().fold(Xyzz::INFINITY, |sum, point| sum.add_affine(point))
}

/// The sum of (i + 1) buckets[i]. With i = u 2^h + v that is 2^h times the sum of u R_u plus the sum of (v + 1) C_v,
/// where R and C are row and column sums: two affine additions a bucket, and running sums only over rows and columns.
fn fold_buckets<F: CurveField>(buckets: &[Affine<F>], split: bool, pool: &ScratchPool<F>) -> Xyzz<F> {
    let bits = buckets.len().trailing_zeros();
    let low_bits = bits.div_ceil(2);
    let (columns, rows) = (1usize << low_bits, buckets.len() >> low_bits);
    let occupied = |i: usize| !buckets[i].is_infinity();
    let group = |outer: usize, inner: usize, index: &dyn Fn(usize, usize) -> usize| {
        let mut entries = Vec::with_capacity(buckets.len());
        let mut offsets = vec![0u32];
        for o in 0..outer {
            entries.extend((0..inner).map(|i| index(o, i)).filter(|&k| occupied(k)).map(|k| Entry::new(k, false)));
            offsets.push(entries.len() as u32);
        }
        sum_all_groups(buckets, &entries, &offsets, split, pool)
    };
    let row_sums = group(rows, columns, &|u, v| (u << low_bits) + v);
    let column_sums = group(columns, rows, &|v, u| (u << low_bits) + v);
    let mut total = weighted_sum(row_sums.get(1..).unwrap_or(&[]));
    for _ in 0..low_bits {
        total = total.double();
    }
    total.add(&weighted_sum(&column_sums))
}

/// The sum of (i + 1) points[i] by running sums.
fn weighted_sum<F: CurveField>(points: &[Affine<F>]) -> Xyzz<F> {
    let mut running = Xyzz::INFINITY;
    let mut total = Xyzz::INFINITY;
    for point in points.iter().rev() {
        running = running.add_affine(point);
        total = total.add(&running);
    }
    total
}
