pragma circom 2.1.0;

// out[k] = 1 if in >= threshold[k], else 0: one value against many constants, by the interval between two of them that it lies in.
//
// Contract
//   in           0 <= in < top, guaranteed by the caller
//   out          n bits, of which the first are 1 and the others 0
//   parameters   2 <= n <= 2^16, 0 < threshold[0] < threshold[1] < ... < top <= 2^100, each of these steps at most 2^bits, 1 <= bits <= 100
//   constraints  n + 1 + 2 * bits; `in` stands in A and in B of two rows: make long combinations wires
//
// Why unique. Let chosen[k] = out[k-1] - out[k] for k = 0 ... n, with out[-1] = 1 and out[n] = 0. Each chosen[k] is 0 or 1 by a row of its
// own, and they sum to 1 by construction, as an integer because n + 1 < r: exactly one of them is 1, say chosen[c]. Then out[k] is 1 for
// k < c and 0 from c. With threshold[-1] = 0 and threshold[n] = top, first = threshold[c-1] and end = threshold[c] are linear in `out`.
//     in - first and end - 1 - in     have `bits` binary digits each (the top one is the combination that the others leave).
// Both are below 2^100 and their sum is end - 1 - first as an integer, so that first <= in < end modulo r. These intervals cover 0 ... top - 1
// once each: c is the only one for `in`, and the digits follow.
template Thresholds(n, bits, threshold, top) {
    assert(n >= 2 && n <= 65536 && bits >= 1 && bits <= 100);

    signal input in;
    signal output out[n];
    signal above[bits - 1];
    signal below[bits - 1];

    var first = 0;
    var end = 0;
    for (var k = 0; k <= n; k++) {
        var begins = k == 0 ? 0 : threshold[k - 1];
        var ends = k == n ? top : threshold[k];
        assert(begins < ends && ends - begins <= (1 << bits));
        if (k < n) {
            out[k] <-- in >= threshold[k] ? 1 : 0;
        }
        var chosen = (k == 0 ? 1 : out[k - 1]) - (k == n ? 0 : out[k]);
        chosen * (chosen - 1) === 0;
        first += chosen * begins;
        end += chosen * ends;
    }

    var gap = in - first;
    var rest = end - 1 - in;
    var upper = 0;
    var lower = 0;
    for (var i = 0; i < bits - 1; i++) {
        above[i] <-- (gap >> i) & 1;
        above[i] * (above[i] - 1) === 0;
        upper += above[i] * (1 << i);
        below[i] <-- (rest >> i) & 1;
        below[i] * (below[i] - 1) === 0;
        lower += below[i] * (1 << i);
    }
    (gap - upper) * (gap - upper - (1 << (bits - 1))) === 0;
    (rest - lower) * (rest - lower - (1 << (bits - 1))) === 0;
}
