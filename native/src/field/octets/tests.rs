use super::*;
use crate::field::{Field, Fq, Fq2, Fr, FrParams};
use crate::testing::Rng;

fn edge_cases<P: FpParams>(rng: &mut Rng) -> Vec<Fp<P>> {
    let mut values = vec![Fp::ZERO, Fp::ONE, Fp::ONE.neg(), Fp::from_montgomery([1, 0, 0, 0])];
    values.extend((0..4).map(|i| Fp::from_montgomery([1 << i, 0, 0, 0]).neg()));
    values.extend((0..120).map(|_| Fp::from_canonical(rng.below(&P::MODULUS))));
    values
}

fn each<T: Copy>(a: &[T; 8], b: &[T; 8], op: fn(&T, &T) -> T) -> [T; 8] {
    std::array::from_fn(|i| op(&a[i], &b[i]))
}

#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn check<P: FpParams>(elements: &[Fp<P>]) {
    let (octets, _) = elements.as_chunks::<8>();
    for (a, b) in octets.iter().flat_map(|a| octets.iter().map(move |b| (a, b))) {
        let (x, y) = (Octet::load(a.each_ref()), Octet::load(b.each_ref()));
        assert_eq!(&x.store(), a);
        assert_eq!(x.has_zero(), a.iter().any(Fp::is_zero));
        assert_eq!(x.sum(&y).store(), each(a, b, Fp::add));
        assert_eq!(x.difference::<16>(&y).store(), each(a, b, Fp::sub));
        assert_eq!(x.multiply(&y).store(), each(a, b, Fp::mul));
        assert_eq!(x.square().store(), each(a, a, Fp::mul));
        assert_eq!(x.minus_both(&y, &x).store(), each(b, b, |b, _| b.neg()));
        // The largest factors that any caller multiplies.
        let wide = x.difference::<17>(&y).multiply(&y.difference::<17>(&x)).store();
        assert_eq!(wide, each(a, b, |a, b| a.sub(b).mul(&b.sub(a))));

        let raw = Octet::load_raw(a.each_ref());
        assert_eq!(&raw.store_raw(), a);
        assert_eq!(raw.multiply(&y).store_raw(), each(a, b, Fp::mul));
        let mut out = [Fp::ZERO; 8];
        Octet::load_raw_neighbours(a).store_raw_neighbours(&mut out);
        assert_eq!(&out, a);
        let many = (0..6).fold(raw, |sum, _| sum.sum(&raw)).store_raw();
        assert_eq!(many, each(a, a, |a, _| a.mul(&Fp::from_u64(7))));
    }
}

#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn check_extension(elements: &[Fq2]) {
    let (octets, _) = elements.as_chunks::<8>();
    for (a, b) in octets.iter().flat_map(|a| octets.iter().map(move |b| (a, b))) {
        let (x, y) = (Octet2::load(a.each_ref()), Octet2::load(b.each_ref()));
        assert_eq!(&x.store(), a);
        assert_eq!(x.multiply(&y).store(), each(a, b, Fq2::mul));
        assert_eq!(x.square().store(), each(a, a, Fq2::mul));
        let wide = x.difference::<17>(&y).multiply(&y.multiply(&x));
        assert_eq!(wide.store(), each(a, b, |a, b| a.sub(b).mul(&a.mul(b))));
        assert_eq!(wide.square().store(), each(a, b, |a, b| a.sub(b).mul(&a.mul(b)).square()));
    }
}

#[test]
fn eight_lanes_agree_with_eight_elements() {
    if !(is_x86_feature_detected!("avx512ifma") && is_x86_feature_detected!("avx512vbmi2")) {
        return;
    }
    let mut rng = Rng::new(71);
    let fq: Vec<Fq> = edge_cases(&mut rng);
    let fr: Vec<Fr> = edge_cases::<FrParams>(&mut rng);
    let fq2: Vec<Fq2> = fq.iter().zip(fq.iter().rev().cycle().skip(3)).map(|(&c0, &c1)| Fq2 { c0, c1 }).collect();
    // SAFETY: the instructions were found.
    unsafe {
        check(&fq);
        check(&fr);
        check_extension(&fq2);
    }
}
