pragma circom 2.1.0;

// out = a * b, the product of two wires.
//
// Contract
//   a, b         any field elements (the caller bounds |a * b| below r/2 where integers are meant)
//   out          a * b
//   constraints  1; `a` stands in A, `b` in B, once each
//
// Why unique. The only row defines out.
template Multiply() {
    signal input a;
    signal input b;
    signal output out;
    out <== a * b;
}
