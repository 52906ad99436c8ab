pragma circom 2.1.0;

// Puts the public signal `context` into a constraint, so that a proof made for one context does not verify for another.
//
// Contract
//   context      any field element
//   output       none
//   constraints  1
//
// Why. Groth16 binds a public signal to a proof through its term in the verification key. A signal that no constraint contains has
// the zero polynomial there, its term is the point at infinity, and any value would pass. The square is determined by the row.
template Context() {
    signal input context;
    signal square;
    square <== context * context;
}
