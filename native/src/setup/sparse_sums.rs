//! Many small multi-scalar multiplications over the same points: one for each wire, over the rows that mention it.
//!
//! All wires go through Straus's method in step, so that every addition and doubling is part of a batch of affine
//! ones: a table of each point's first multiples, signed digits from the top window down. A coefficient costs what its
//! magnitude (or that of its negative) has digits, which for weights and ones is next to nothing.

use crate::curve::batch::{add_many, sum_groups, Entry, Products, Scratch};
use crate::curve::{Affine, CurveField, PointSource};
use crate::field::{FpParams, FrParams};
use rayon::prelude::*;

/// Bits of a digit; digits are -(2^(WIDTH - 1)) to 2^(WIDTH - 1).
const WIDTH: u32 = 4;
const MULTIPLES: usize = 1 << (WIDTH - 1);
/// Terms that one task takes, if no single wire has more.
const TASK_TERMS: usize = 1 << 16;
/// Points whose multiples are made together.
const TABLE_BATCH: usize = 1 << 10;

/// coefficient * point, as part of a wire's sum.
#[derive(Clone, Copy)]
pub struct Term {
    pub wire: u32,
    pub point: u32,
    magnitude: [u64; 4],
    negative: bool,
}

impl Term {
    /// `coefficient` is canonical; what is closer to r than to zero counts as negative.
    pub fn new(wire: u32, point: u32, coefficient: [u64; 4]) -> Self {
        let opposite = subtract(&FrParams::MODULUS, &coefficient);
        let negative = crate::field::is_below(&opposite, &coefficient);
        Self { wire, point, magnitude: if negative { opposite } else { coefficient }, negative }
    }
}

fn subtract(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut borrow = false;
    for i in 0..4 {
        (out[i], borrow) = a[i].borrowing_sub(b[i], borrow);
    }
    out
}

/// 1 to MULTIPLES times each point, point after point.
pub struct MultiplesTable<F>(Vec<Affine<F>>);

impl<F: CurveField> MultiplesTable<F> {
    pub fn new<S: PointSource<F> + ?Sized>(points: &S, count: usize) -> Self {
        let mut table = vec![Affine::INFINITY; count * MULTIPLES];
        table.par_chunks_mut(TABLE_BATCH * MULTIPLES).enumerate().for_each(|(batch, rows)| {
            let first = batch * TABLE_BATCH;
            let rows_here = rows.len() / MULTIPLES;
            let bases: Vec<_> = (0..rows_here).map(|i| points.get(first + i)).collect();
            for (row, base) in rows.chunks_exact_mut(MULTIPLES).zip(&bases) {
                row[0] = *base;
            }
            let mut products = Products::default();
            for multiple in 1..MULTIPLES {
                let previous: Vec<_> = (0..rows_here).map(|i| rows[i * MULTIPLES + multiple - 1]).collect();
                let put = |i: usize, sum| rows[i * MULTIPLES + multiple] = sum;
                add_many(rows_here, |i| (&previous[i], &bases[i]), put, &mut products);
            }
        });
        Self(table)
    }
}

/// For each wire below `wires`, the sum of its terms over the tables they name. `terms` of all lists with the table
/// each list draws from.
pub fn sparse_sums<F: CurveField>(wires: usize, lists: &[(&[Term], &MultiplesTable<F>)]) -> Vec<Affine<F>> {
    // Tables are laid end to end in the index space of the gather.
    let tables = Tables(lists.iter().map(|(_, table)| table.0.as_slice()).collect());
    let (terms, starts) = sort_by_wire(wires, lists);
    let mut sums = vec![Affine::INFINITY; wires];
    let mut tasks = Vec::new();
    let mut rest = sums.as_mut_slice();
    let mut first = 0;
    while first < wires {
        let mut last = first + 1;
        while last < wires && starts[last + 1] - starts[first] <= TASK_TERMS {
            last += 1;
        }
        let (out, tail) = rest.split_at_mut(last - first);
        tasks.push((&terms[starts[first]..starts[last]], first, out));
        rest = tail;
        first = last;
    }
    tasks.into_par_iter().for_each(|(terms, first, out)| sum_task(&tables, terms, first as u32, out));
    sums
}

struct Tables<'a, F>(Vec<&'a [Affine<F>]>);

impl<F: CurveField> Tables<'_, F> {
    #[inline(always)]
    fn point(&self, mut index: usize) -> &Affine<F> {
        let mut tables = self.0.iter();
        loop {
            let table = tables.next().expect("an index below the sum of the tables' lengths");
            match table.get(index) {
                Some(point) => return point,
                None => index -= table.len(),
            }
        }
    }
}

impl<F: CurveField> PointSource<F> for Tables<'_, F> {
    fn len(&self) -> usize {
        self.0.iter().map(|table| table.len()).sum()
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Affine<F> {
        *self.point(index)
    }

    #[inline(always)]
    fn coordinates(&self, index: usize) -> [&[u8]; 2] {
        self.point(index).coordinates()
    }
}

/// Terms of all lists in the order of their wires, points renumbered to the tables' index space; and where each wire's
/// terms start.
fn sort_by_wire<F>(wires: usize, lists: &[(&[Term], &MultiplesTable<F>)]) -> (Vec<Term>, Vec<usize>) {
    let mut starts = vec![0usize; wires + 2];
    for term in lists.iter().flat_map(|(terms, _)| terms.iter()) {
        starts[term.wire as usize + 2] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let empty = Term { wire: 0, point: 0, magnitude: [0; 4], negative: false };
    let mut sorted = vec![empty; starts[wires + 1]];
    let mut offset = 0;
    for (terms, table) in lists {
        for term in terms.iter() {
            let slot = &mut starts[term.wire as usize + 1];
            sorted[*slot] = Term { point: term.point + offset, ..*term };
            *slot += 1;
        }
        offset += (table.0.len() / MULTIPLES) as u32;
    }
    starts.truncate(wires + 1);
    (sorted, starts)
}

fn sum_task<F: CurveField>(tables: &Tables<'_, F>, terms: &[Term], first: u32, out: &mut [Affine<F>]) {
    let bits = terms.iter().map(|term| bit_length(&term.magnitude)).max().unwrap_or(0);
    if bits == 0 {
        return;
    }
    let mut scratch = Scratch::default();
    let mut products = Products::default();
    let mut sums = vec![Affine::INFINITY; out.len()];
    let mut entries = Vec::new();
    let mut offsets = Vec::new();
    for window in (0..(bits + 1).div_ceil(WIDTH)).rev() {
        let active: Vec<usize> = (0..out.len()).filter(|&i| !out[i].is_infinity()).collect();
        for _ in 0..WIDTH {
            let current: Vec<_> = active.iter().map(|&i| out[i]).collect();
            add_many(current.len(), |i| (&current[i], &current[i]), |i, sum| out[active[i]] = sum, &mut products);
        }
        entries.clear();
        offsets.clear();
        offsets.push(0u32);
        let mut wire = first;
        for term in terms {
            while wire < term.wire {
                offsets.push(entries.len() as u32);
                wire += 1;
            }
            let digit = signed_digit(&term.magnitude, window);
            if digit != 0 {
                let index = term.point as usize * MULTIPLES + digit.unsigned_abs() as usize - 1;
                entries.push(Entry::new(index, (digit < 0) != term.negative));
            }
        }
        offsets.resize(out.len() + 1, entries.len() as u32);
        sum_groups(tables, &entries, &offsets, &mut sums, &mut scratch);
        let touched: Vec<usize> = (0..out.len()).filter(|&i| !sums[i].is_infinity()).collect();
        let current: Vec<_> = touched.iter().map(|&i| (out[i], sums[i])).collect();
        add_many(current.len(), |i| (&current[i].0, &current[i].1), |i, sum| out[touched[i]] = sum, &mut products);
    }
}

fn bit_length(value: &[u64; 4]) -> u32 {
    (0..4).rev().find(|&i| value[i] != 0).map_or(0, |i| 64 * i as u32 + 64 - value[i].leading_zeros())
}

/// The window's bits and the highest bit below them, minus 2^WIDTH if its own highest bit is set (Booth's recoding):
/// digits from -8 to 8 that depend on no other window.
fn signed_digit(value: &[u64; 4], window: u32) -> i32 {
    let bit = |i: u32| value.get((i / 64) as usize).map_or(0, |limb| (limb >> (i % 64)) as i32 & 1);
    let start = window * WIDTH;
    let raw = (0..WIDTH).fold(0, |sum, i| sum + (bit(start + i) << i));
    let below = if start == 0 { 0 } else { bit(start - 1) };
    raw + below - (bit(start + WIDTH - 1) << WIDTH)
}
