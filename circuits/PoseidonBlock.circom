pragma circom 2.1.0;

include "circomlib/circuits/poseidon.circom";

// out = Poseidon(in[0], ..., in[n-1]) with `capacity` as the capacity element, as circomlib's PoseidonEx and libraries around it compute
// it: one link of the chain that commits to a tensor, h1 = Poseidon_D(salt, values...), h2 = Poseidon_0(h1, values...), ... with D the
// commitment's domain (what is committed to, on which grid, how many values).
//
// Contract
//   capacity     any field element; a constant that says what is hashed
//   in           any field elements
//   out          the hash (Grassi et al., "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems", USENIX Security 2021;
//                x^5, BN254, width n + 1, circomlib's constants)
//   parameters   1 <= n <= 16
//   constraints  3 * (8 * (n + 1) + partial rounds), with full simplification (612 for n = 16); every in[i] stands in A once and in B
//                twice: make long combinations wires
//
// Why unique. Poseidon is a permutation written forwards: each row defines one new wire by those before it.
template PoseidonBlock(n) {
    signal input capacity;
    signal input in[n];
    signal output out;
    component hash = PoseidonEx(n, 1);
    hash.initialState <== capacity;
    for (var i = 0; i < n; i++) {
        hash.inputs[i] <== in[i];
    }
    out <== hash.out[0];
}
