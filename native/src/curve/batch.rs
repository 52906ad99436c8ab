//! Many affine additions with one inversion: six multiplications a sum instead of a mixed addition's ten.
//!
//! The sums themselves are the kernels' (`kernels`); `sum_groups` adds up groups of points as balanced trees, a cache-sized block of groups
//! at a time, so that every level of every tree in the block shares one inversion. Doublings, opposite points and the
//! point at infinity are handled where they occur; they may be slow but never wrong.

use super::{Affine, CurveField, Pair, PointSource};
use crate::kernels::kernels;
pub use crate::kernels::Products;
use std::sync::Mutex;

/// Entries of a block: enough that an inversion (about 150 multiplications) disappears, few enough for the L2 cache.
const BLOCK: usize = 4096;
/// How many gathers ahead the cache is told.
const PREFETCH: usize = 16;

/// An index into a point source and a sign, packed.
#[derive(Clone, Copy, Debug)]
pub struct Entry(u32);

impl Entry {
    /// `index` is below 2^31.
    #[inline(always)]
    pub fn new(index: usize, negative: bool) -> Self {
        Self(((index as u32) << 1) | negative as u32)
    }

    #[inline(always)]
    fn index(self) -> usize {
        (self.0 >> 1) as usize
    }

    #[inline(always)]
    fn is_negative(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Buffers of one thread's `sum_groups`.
pub struct Scratch<F> {
    points: Vec<Affine<F>>,
    sums: Vec<Affine<F>>,
    lengths: Vec<u32>,
    pairs: Vec<(u32, u32)>,
    products: Products<F>,
}

impl<F> Default for Scratch<F> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            sums: Vec::new(),
            lengths: Vec::new(),
            pairs: Vec::new(),
            products: Products::default(),
        }
    }
}

/// Scratch space that tasks on several threads hand to each other.
pub struct ScratchPool<F>(Mutex<Vec<Scratch<F>>>);

impl<F> Default for ScratchPool<F> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<F> ScratchPool<F> {
    pub fn with<T>(&self, work: impl FnOnce(&mut Scratch<F>) -> T) -> T {
        let mut scratch = self.lock().pop().unwrap_or_default();
        let result = work(&mut scratch);
        self.lock().push(scratch);
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Scratch<F>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// put(i, P + Q) where (P, Q) = get(i), for i < count.
pub fn add_many<'a, F: CurveField>(
    count: usize,
    get: impl Fn(usize) -> (&'a Affine<F>, &'a Affine<F>),
    mut put: impl FnMut(usize, Affine<F>),
    products: &mut Products<F>,
) {
    let pair = |i: usize| {
        let (p, q) = get(i);
        Pair::new(p.coordinates(), q.coordinates(), 0, i)
    };
    let pairs: Vec<Pair<'a, F>> = (0..count).map(pair).collect();
    let mut sums = std::mem::take(&mut products.sums);
    sums.resize(count, Affine::INFINITY);
    F::add_pairs(kernels(), &pairs, &mut sums, products);
    sums.iter().enumerate().for_each(|(i, sum)| put(i, *sum));
    products.sums = sums;
}

/// out[g] = the sum of entries[offsets[g]..offsets[g + 1]]; the point at infinity for an empty group.
pub fn sum_groups<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    entries: &[Entry],
    offsets: &[u32],
    out: &mut [Affine<F>],
    scratch: &mut Scratch<F>,
) {
    debug_assert_eq!(offsets.len(), out.len() + 1);
    let mut first = 0;
    while first < out.len() {
        let start = offsets[first] as usize;
        let mut last = first;
        while last < out.len() && offsets[last + 1] as usize - start <= BLOCK {
            last += 1;
        }
        if last == first {
            let group = &entries[start..offsets[first + 1] as usize];
            out[first] = sum_large_group(source, group, scratch);
            first += 1;
            continue;
        }
        sum_block(source, entries, &offsets[first..=last], &mut out[first..last], scratch);
        first = last;
    }
}

fn sum_large_group<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    group: &[Entry],
    scratch: &mut Scratch<F>,
) -> Affine<F> {
    let mut partial: Vec<Affine<F>> = Vec::with_capacity(group.len().div_ceil(BLOCK));
    for block in group.chunks(BLOCK) {
        let mut sum = [Affine::INFINITY];
        sum_block(source, block, &[0, block.len() as u32], &mut sum, scratch);
        partial.push(sum[0]);
    }
    let entries: Vec<Entry> = (0..partial.len()).map(|i| Entry::new(i, false)).collect();
    let mut sum = [Affine::INFINITY];
    sum_groups(partial.as_slice(), &entries, &[0, entries.len() as u32], &mut sum, scratch);
    sum[0]
}

fn sum_block<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    entries: &[Entry],
    offsets: &[u32],
    out: &mut [Affine<F>],
    scratch: &mut Scratch<F>,
) {
    let entries = &entries[offsets[0] as usize..offsets[out.len()] as usize];
    if kernels().reads_in_place() {
        sum_pairs_where_they_lie(source, entries, offsets, scratch);
    } else {
        let Scratch { points, lengths, .. } = scratch;
        measure(offsets, lengths);
        points.clear();
        for (i, entry) in entries.iter().enumerate() {
            if let Some(ahead) = entries.get(i + PREFETCH) {
                source.prefetch(ahead.index());
            }
            points.push(source.get(entry.index()).negate_if(entry.is_negative()));
        }
    }
    let Scratch { points, sums, lengths, pairs, products } = scratch;
    loop {
        sums.resize(points.len(), Affine::INFINITY);
        let count = pair_up(lengths, pairs, |from, to| sums[to] = points[from]);
        if pairs.is_empty() {
            break;
        }
        let pair = |&(left, to): &(u32, u32)| {
            let (left, right) = (&points[left as usize], &points[left as usize + 1]);
            Pair::new(left.coordinates(), right.coordinates(), 0, to as usize)
        };
        let pairs: Vec<Pair<'_, F>> = pairs.iter().map(pair).collect();
        F::add_pairs(kernels(), &pairs, sums, products);
        drop(pairs);
        std::mem::swap(points, sums);
        points.truncate(count);
    }
    let mut next = points.iter();
    for (slot, &length) in out.iter_mut().zip(lengths.iter()) {
        *slot = match length {
            0 => Affine::INFINITY,
            _ => *next.next().unwrap_or(&Affine::INFINITY),
        };
    }
}

/// The lengths of the groups.
fn measure(offsets: &[u32], lengths: &mut Vec<u32>) {
    lengths.clear();
    lengths.extend(offsets.windows(2).map(|pair| pair[1] - pair[0]));
}

/// One level of the trees: neighbours inside a group pair up, as (place of the left one, place of their sum); an odd one
/// moves on alone. Leaves the groups' new lengths, returns their sum.
fn pair_up(lengths: &mut [u32], pairs: &mut Vec<(u32, u32)>, mut move_single: impl FnMut(usize, usize)) -> usize {
    pairs.clear();
    let (mut from, mut to) = (0u32, 0u32);
    for length in lengths.iter_mut() {
        let halves = *length / 2;
        for k in 0..halves {
            pairs.push((from + 2 * k, to + k));
        }
        if *length & 1 == 1 {
            move_single((from + *length - 1) as usize, (to + halves) as usize);
        }
        from += *length;
        *length -= halves;
        to += *length;
    }
    to as usize
}

/// The first level of all groups' trees straight from the source, into `points` and `lengths`: a copy of every point less.
fn sum_pairs_where_they_lie<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    entries: &[Entry],
    offsets: &[u32],
    scratch: &mut Scratch<F>,
) {
    let Scratch { points, lengths, pairs, products, .. } = scratch;
    measure(offsets, lengths);
    points.resize(lengths.iter().map(|length| length.div_ceil(2) as usize).sum(), Affine::INFINITY);
    pair_up(lengths, pairs, |from, to| {
        let entry = entries[from];
        points[to] = source.get(entry.index()).negate_if(entry.is_negative());
    });
    let pair = |&(left, to): &(u32, u32)| {
        let left = left as usize;
        for ahead in entries[left..].iter().skip(PREFETCH).take(2) {
            source.prefetch(ahead.index());
        }
        let (p, q) = (entries[left], entries[left + 1]);
        let negative = p.is_negative() as u8 | (q.is_negative() as u8) << 1;
        Pair::new(source.coordinates(p.index()), source.coordinates(q.index()), negative, to as usize)
    };
    let pairs: Vec<Pair<'_, F>> = pairs.iter().map(pair).collect();
    F::add_pairs(kernels(), &pairs, points, products);
}
