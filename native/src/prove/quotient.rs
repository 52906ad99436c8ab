//! A B - C on the odd coset, where C interpolates the products of the rows of A w and B w: three transforms back, three
//! forth. Rows enter in bit-reversed order and the result leaves in natural order, both while values are copied anyway.

use super::constraints::Rows;
use crate::control::{Cancelled, Control};
use crate::field::{Field, Fr};
use crate::formats::ZkeyView;
use crate::ntt::{bit_reverse, Domain};
use rayon::prelude::*;

const MIN_TASK: usize = 1 << 10;

/// Canonical values at the odd 2n-th roots, in the order of the key's section 9.
pub fn coset_values(
    key: &ZkeyView<'_>,
    rows: &Rows,
    domain: &Domain,
    witness: &[[u64; 4]],
    control: &Control<'_>,
) -> Result<Vec<[u64; 4]>, Cancelled> {
    let bits = domain.log_size();
    let (a_rows, b_rows) = rows.evaluate(key, witness);
    let gather = |rows: &[Fr]| -> Vec<Fr> {
        (0..rows.len()).into_par_iter().with_min_len(MIN_TASK).map(|i| rows[bit_reverse(i, bits)]).collect()
    };
    let (mut a, mut b) = rayon::join(|| gather(&a_rows), || gather(&b_rows));
    let mut c = a_rows;
    drop(b_rows);
    c.par_iter_mut().with_min_len(MIN_TASK).zip(&a).zip(&b).for_each(|((c, a), b)| *c = a.mul(b));
    control.check()?;

    let extend = |values: &mut [Fr]| {
        domain.to_coefficients(values);
        domain.to_coset_values(values);
    };
    rayon::join(|| extend(&mut a), || rayon::join(|| extend(&mut b), || extend(&mut c)));
    control.check()?;

    // Each transform left a factor n: A B - C = (a b / n - c) / n.
    let size_inverse = Fr::from_u64(domain.size() as u64).inverse();
    // Montgomery times canonical is canonical.
    let to_canonical = Fr::from_montgomery(size_inverse.to_canonical());
    let value = |i: usize| {
        let j = bit_reverse(i, bits);
        a[j].mul(&b[j]).mul(&size_inverse).sub(&c[j]).mul(&to_canonical).0
    };
    Ok((0..domain.size()).into_par_iter().with_min_len(MIN_TASK).map(value).collect())
}
