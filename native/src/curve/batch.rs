//! Many affine additions with one inversion: six multiplications a sum instead of a mixed addition's ten.
//!
//! `add_many` is the kernel; `sum_groups` adds up groups of points as balanced trees, a cache-sized block of groups
//! at a time, so that every level of every tree in the block shares one inversion. Doublings, opposite points and the
//! point at infinity are handled where they occur; they may be slow but never wrong.

#[cfg(target_arch = "x86_64")]
use super::batch_octets::{self, Pair};
use super::{Affine, CurveField, PointSource};
use crate::field::batch_inverse;
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

/// Running products of `add_many`, kept to be used again.
pub struct Products<F> {
    scalar: Vec<F>,
    #[cfg(target_arch = "x86_64")]
    lanes: super::batch_lanes::LaneProducts,
    #[cfg(target_arch = "x86_64")]
    octets: super::batch_octets::OctetProducts,
}

impl<F> Default for Products<F> {
    fn default() -> Self {
        Self {
            scalar: Vec::new(),
            #[cfg(target_arch = "x86_64")]
            lanes: Default::default(),
            #[cfg(target_arch = "x86_64")]
            octets: Default::default(),
        }
    }
}

/// put(i, P + Q) where (P, Q) = get(i), for i < count. Calls `get` twice for each i.
#[inline(always)]
pub fn add_many<'a, F: CurveField>(
    count: usize,
    get: impl Fn(usize) -> (&'a Affine<F>, &'a Affine<F>),
    mut put: impl FnMut(usize, Affine<F>),
    products: &mut Products<F>,
) {
    #[cfg(target_arch = "x86_64")]
    {
        let pair = |i: usize| {
            let (p, q) = get(i);
            Pair::new::<F>(p.coordinates(), q.coordinates(), 0)
        };
        if add_pairs(count, pair, &mut put, products)
            || F::add_many_in_lanes(count, &get, &mut put, &mut products.lanes)
        {
            return;
        }
    }
    let prefix = &mut products.scalar;
    prefix.clear();
    prefix.reserve(count);
    let mut product = F::ONE;
    for i in 0..count {
        let (p, q) = get(i);
        prefix.push(product);
        product = product.mul(&denominator(p, q));
    }
    let mut inverse = product.inverse();
    for i in (0..count).rev() {
        let (p, q) = get(i);
        let this = inverse.mul(&prefix[i]);
        inverse = inverse.mul(&denominator(p, q));
        put(i, finish(p, q, &this));
    }
}

/// Products that do not wait for one another: a product is long to come and quick to begin.
const CHAINS: usize = 4;

/// Running products of `double_many` and `add_to_many`, and the denominators they are of, kept to be used again.
pub struct Chains<F>(Vec<(F, F)>);

impl<F> Default for Chains<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Doubles every point, with one inversion for all.
pub fn double_many<F: CurveField>(points: &mut [Affine<F>], chains: &mut Chains<F>) {
    // Infinity is (0, 0), and no point of odd order has y = 0.
    chains.invert_and_apply(
        points,
        |_, point| if point.y.is_zero() { F::ONE } else { point.y.double() },
        |_, point, inverse| {
            if point.y.is_zero() {
                return Affine::INFINITY;
            }
            let xx = point.x.square();
            chord(point, point, &xx.double().add(&xx).mul(inverse))
        },
    );
}

/// Adds term(i) to sums[i] for all i, with one inversion for all. Calls `term` twice for each.
#[inline(always)]
pub fn add_to_many<F: CurveField>(sums: &mut [Affine<F>], term: impl Fn(usize) -> Affine<F>, chains: &mut Chains<F>) {
    chains.invert_and_apply(
        sums,
        |i, sum| denominator(sum, &term(i)),
        |i, sum, inverse| finish(sum, &term(i), inverse),
    );
}

impl<F: CurveField> Chains<F> {
    /// Replaces every point by `apply` of it and the inverse of its denominator, by Montgomery's trick on several chains at once.
    #[inline(always)]
    fn invert_and_apply(
        &mut self,
        points: &mut [Affine<F>],
        denominator: impl Fn(usize, &Affine<F>) -> F,
        apply: impl Fn(usize, &Affine<F>, &F) -> Affine<F>,
    ) {
        let Self(steps) = self;
        steps.clear();
        steps.reserve(points.len());
        let mut products = [F::ONE; CHAINS];
        for (group, points) in points.chunks(CHAINS).enumerate() {
            for (k, (product, point)) in products.iter_mut().zip(points).enumerate() {
                let value = denominator(group * CHAINS + k, point);
                steps.push((*product, value));
                *product = product.mul(&value);
            }
        }
        let mut inverses = products;
        batch_inverse(&mut inverses);
        for (group, points) in points.chunks_mut(CHAINS).enumerate().rev() {
            let first = group * CHAINS;
            let steps = &steps[first..first + points.len()];
            for (k, ((inverse, point), (before, value))) in inverses.iter_mut().zip(points).zip(steps).enumerate() {
                let this = inverse.mul(before);
                *inverse = inverse.mul(value);
                *point = apply(first + k, point, &this);
            }
        }
    }
}

/// put(i, P + Q) for each pair of points of F's curve, wherever they lie; false, with nothing done, where that cannot be.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn add_pairs<'a, F: CurveField>(
    count: usize,
    pair: impl Fn(usize) -> Pair<'a>,
    put: &mut impl FnMut(usize, Affine<F>),
    products: &mut Products<F>,
) -> bool {
    if !batch_octets::usable(count) {
        return false;
    }
    let pairs: Vec<Pair<'a>> = (0..count).map(pair).collect();
    // SAFETY: callers make pairs for F.
    unsafe { F::add_many_in_octets(&pairs, put, &mut products.octets) }
}

#[inline(always)]
fn denominator<F: CurveField>(p: &Affine<F>, q: &Affine<F>) -> F {
    let dx = q.x.sub(&p.x);
    if dx.is_zero() || p.x.is_zero() || q.x.is_zero() {
        return special_denominator(p, q);
    }
    dx
}

#[cold]
#[inline(never)]
fn special_denominator<F: CurveField>(p: &Affine<F>, q: &Affine<F>) -> F {
    if p.is_infinity() || q.is_infinity() {
        return F::ONE;
    }
    let dx = q.x.sub(&p.x);
    if !dx.is_zero() {
        return dx;
    }
    if p.y == q.y && !p.y.is_zero() {
        return p.y.double();
    }
    F::ONE
}

#[inline(always)]
fn finish<F: CurveField>(p: &Affine<F>, q: &Affine<F>, inverse: &F) -> Affine<F> {
    if p.x == q.x || p.x.is_zero() || q.x.is_zero() {
        return special_finish(p, q, inverse);
    }
    chord(p, q, &q.y.sub(&p.y).mul(inverse))
}

#[cold]
#[inline(never)]
fn special_finish<F: CurveField>(p: &Affine<F>, q: &Affine<F>, inverse: &F) -> Affine<F> {
    if p.is_infinity() {
        return *q;
    }
    if q.is_infinity() {
        return *p;
    }
    if p.x != q.x {
        return chord(p, q, &q.y.sub(&p.y).mul(inverse));
    }
    if p.y == q.y && !p.y.is_zero() {
        let xx = p.x.square();
        return chord(p, q, &xx.double().add(&xx).mul(inverse));
    }
    Affine::INFINITY
}

#[inline(always)]
fn chord<F: CurveField>(p: &Affine<F>, q: &Affine<F>, slope: &F) -> Affine<F> {
    let x = slope.square().sub(&p.x).sub(&q.x);
    let y = slope.mul(&p.x.sub(&x)).sub(&p.y);
    Affine { x, y }
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
    if !sum_pairs_where_they_lie(source, entries, offsets, scratch) {
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
        let get = |i: usize| {
            let left = pairs[i].0 as usize;
            (&points[left], &points[left + 1])
        };
        add_many(pairs.len(), get, |i, sum| sums[pairs[i].1 as usize] = sum, products);
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
/// False where that cannot be.
#[cfg(target_arch = "x86_64")]
fn sum_pairs_where_they_lie<F: CurveField, S: PointSource<F> + ?Sized>(
    source: &S,
    entries: &[Entry],
    offsets: &[u32],
    scratch: &mut Scratch<F>,
) -> bool {
    if !batch_octets::usable(entries.len() / 2) {
        return false;
    }
    let Scratch { points, lengths, pairs, products, .. } = scratch;
    measure(offsets, lengths);
    points.resize(lengths.iter().map(|length| length.div_ceil(2) as usize).sum(), Affine::INFINITY);
    pair_up(lengths, pairs, |from, to| {
        let entry = entries[from];
        points[to] = source.get(entry.index()).negate_if(entry.is_negative());
    });
    let pair = |i: usize| {
        let left = pairs[i].0 as usize;
        for ahead in entries[left..].iter().skip(PREFETCH).take(2) {
            source.prefetch(ahead.index());
        }
        let (p, q) = (entries[left], entries[left + 1]);
        let negative = p.is_negative() as u8 | (q.is_negative() as u8) << 1;
        Pair::new::<F>(source.coordinates(p.index()), source.coordinates(q.index()), negative)
    };
    add_pairs(pairs.len(), pair, &mut |i, sum| points[pairs[i].1 as usize] = sum, products)
}

#[cfg(not(target_arch = "x86_64"))]
fn sum_pairs_where_they_lie<F: CurveField, S: PointSource<F> + ?Sized>(
    _: &S,
    _: &[Entry],
    _: &[u32],
    _: &mut Scratch<F>,
) -> bool {
    false
}
