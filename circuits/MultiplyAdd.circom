pragma circom 2.1.0;

// out = a * b + c.
//
// Contract
//   a, b, c      any field elements (the caller bounds |a * b| + |c| below r/2 where integers are meant)
//   out          a * b + c
//   constraints  1; `a` stands in A, `b` in B, `c` in C, once each
//
// Why unique. The only row defines out.
template MultiplyAdd() {
    signal input a;
    signal input b;
    signal input c;
    signal output out;
    out <== a * b + c;
}
