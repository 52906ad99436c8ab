//! A B - C on the odd coset, where C interpolates the products of the rows of A w and B w: three transforms back, three
//! forth. Rows enter in bit-reversed order, put so while they are copied anyway; values leave in it, and the bases they
//! belong to are kept in that order (`Prepared`).

use super::constraints::Rows;
use super::Release;
use crate::control::{Cancelled, Control};
use crate::field::{Field, Fr};
use crate::formats::ZkeyView;
use crate::kernels::kernels;
use crate::ntt::{bit_reverse, Domain};
use rayon::prelude::*;

const MIN_TASK: usize = 1 << 10;

/// Canonical values at the odd 2n-th roots; value i belongs to the key's base bitrev(i) of section 9.
pub fn coset_values(
    key: &ZkeyView<'_>,
    rows: &Rows,
    domain: &Domain,
    witness: &[[u64; 4]],
    control: &Control<'_>,
    release: &Release<'_>,
) -> Result<Vec<[u64; 4]>, Cancelled> {
    let bits = domain.log_size();
    let (a_rows, b_rows) = rows.evaluate(key, witness);
    release(key.coeffs);
    let gather = |rows: &[Fr]| -> Vec<Fr> {
        (0..rows.len()).into_par_iter().with_min_len(MIN_TASK).map(|i| rows[bit_reverse(i, bits)]).collect()
    };
    let (mut a, mut b) = rayon::join(|| gather(&a_rows), || gather(&b_rows));
    let mut c = a_rows;
    drop(b_rows);
    for_chunks(&a, &b, &mut c, &|a, b, c| kernels().multiply(a, b, c));
    control.check()?;

    let extend = |values: &mut [Fr]| {
        domain.to_coefficients(values);
        domain.to_coset_values(values);
    };
    rayon::join(|| extend(&mut a), || rayon::join(|| extend(&mut b), || extend(&mut c)));
    control.check()?;

    // Each transform left a factor n: A B - C = (a b / n - c) / n. Montgomery times canonical is canonical.
    let size_inverse = Fr::from_u64(domain.size() as u64).inverse();
    let of_c = Fr::from_montgomery(size_inverse.to_canonical());
    let of_ab = of_c.mul(&size_inverse);
    for_chunks(&a, &b, &mut c, &|a, b, c| kernels().combine(a, b, c, &of_ab, &of_c));
    Ok(c.into_iter().map(|value| value.0).collect())
}

fn for_chunks(a: &[Fr], b: &[Fr], c: &mut [Fr], work: &(dyn Fn(&[Fr], &[Fr], &mut [Fr]) + Sync)) {
    let chunks = a.par_chunks(MIN_TASK).zip(b.par_chunks(MIN_TASK)).zip(c.par_chunks_mut(MIN_TASK));
    chunks.for_each(|((a, b), c)| work(a, b, c));
}
