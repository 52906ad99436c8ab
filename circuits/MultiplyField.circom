pragma circom 2.1.0;

// out = a * b in the field: as Multiply, where a factor holds several integers packed into one field element, (sum of x[j] * 2^(w*j)) * a =
// sum of (x[j] * a) * 2^(w*j), so that one constraint multiplies all of them.
//
// Contract
//   a, b         any field elements
//   out          a * b modulo r (the caller sees to it that what is packed does not wrap around r)
//   constraints  1; `a` stands in A, `b` in B, once each
//
// Why unique. The only row defines out.
template MultiplyField() {
    signal input a;
    signal input b;
    signal output out;
    out <== a * b;
}
