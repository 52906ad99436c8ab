pragma circom 2.1.0;

// out = the index of the largest of n values; of equal ones the first, or, with selectLast = 1, the last.
//
// Contract
//   in           pairwise |in[i] - in[j]| < 2^bits, guaranteed by the caller
//   out          in [0, n - 1]
//   parameters   2 <= n <= 2^16, 1 <= bits <= 100
//   constraints  n * (bits + 1) + 1, of which one is linear (it defines out; with n = 2, where out is before[0], there is none);
//                every in[i] stands in A and in B of one row and in B of another: make long combinations wires
//
// Why unique. Let s[i] = before[i-1] - before[i], with before[-1] = 1 and before[n-1] = 0, so that the s[i] sum to 1 by
// construction. Let strict[i] be 1 for the indices that must be truly smaller than the chosen one: before[i] for the first of
// equals (that is, i < out), 1 - before[i-1] for the last (i > out). For each i
//     gap[i] = largest - in[i] - strict[i] has `bits` binary digits (the top one is the combination that the others leave), and
//     s[i] * (s[i] - 1 + K * gap[i]) = 0, with a power of two K > n: s[i] is 0 or 1 - K * gap[i].
// Let C be the set of i with s[i] not 0 by the second choice. Then |C| - K * (sum of gap[i] over C) = 1 modulo r; as
// 0 <= gap[i] < 2^bits and n * 2^bits * K < r/2, this is one of integers, and because |C| <= n < K the sum is 0 and |C| = 1: exactly
// one s[i] is 1, its gap is 0, the others are 0. So before[i] is 1 up to the chosen index c and 0 from it, strict[c] = 0,
// largest = in[c], and gap[i] >= 0 says in[i] <= in[c], or in[i] < in[c] where strict. Only one index satisfies that. All wires
// follow from it: before, largest, the digits of the gaps, and out = sum of before[i].
template ArgMax(n, bits, selectLast) {
    assert(n >= 2 && n <= 65536 && bits >= 1 && bits <= 100);
    assert(selectLast == 0 || selectLast == 1);
    var K = 1;
    while (K <= n) {
        K = K << 1;
    }

    signal input in[n];
    signal output out;
    signal largest;
    signal before[n - 1];
    signal digit[n][bits - 1];

    var chosen = 0;
    for (var i = 1; i < n; i++) {
        var difference = in[i] - in[chosen];
        if (difference > 0 || (difference == 0 && selectLast == 1)) {
            chosen = i;
        }
    }
    largest <-- in[chosen];
    for (var i = 0; i < n - 1; i++) {
        before[i] <-- i < chosen ? 1 : 0;
    }

    var index = 0;
    for (var i = 0; i < n; i++) {
        var previous = i == 0 ? 1 : before[i - 1];
        var next = i == n - 1 ? 0 : before[i];
        var strict = selectLast == 1 ? 1 - previous : next;

        var gap = largest - in[i] - strict;
        var sum = 0;
        for (var j = 0; j < bits - 1; j++) {
            digit[i][j] <-- (gap >> j) & 1;
            digit[i][j] * (digit[i][j] - 1) === 0;
            sum += digit[i][j] * (1 << j);
        }
        (gap - sum) * (gap - sum - (1 << (bits - 1))) === 0;
        (previous - next) * (previous - next - 1 + K * gap) === 0;
        index += next;
    }
    out <== index;
}
