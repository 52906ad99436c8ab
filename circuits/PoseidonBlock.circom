pragma circom 2.1.0;

include "circomlib/circuits/poseidon.circom";

// out = Poseidon(in[0], ..., in[n-1]), as circomlib and the contracts and libraries around it compute it: one link of the chain
// that commits to a tensor, h1 = Poseidon(salt, values...), h2 = Poseidon(h1, values...), ...
//
// Contract
//   in           any field elements
//   out          the hash (Grassi et al., "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems", USENIX Security 2021;
//                x^5, BN254, width n + 1, circomlib's constants, capacity element 0)
//   parameters   1 <= n <= 16
//   constraints  3 * (8 * (n + 1) + partial rounds) - 3, with full simplification (609 for n = 16); every in[i] stands in A
//                once and in B twice: make long combinations wires
//
// Why unique. Poseidon is a permutation written forwards: each row defines one new wire by those before it.
template PoseidonBlock(n) {
    signal input in[n];
    signal output out;
    component hash = Poseidon(n);
    for (var i = 0; i < n; i++) {
        hash.inputs[i] <== in[i];
    }
    out <== hash.out;
}
