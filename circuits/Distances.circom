pragma circom 2.1.0;

// How far each of n values lies below the largest of them, as binary digits of the distance in units of 2^shift: what a softmax looks
// its exponentials up by.
//
// Contract
//   in           pairwise |in[i] - in[j]| < 2^bits, guaranteed by the caller
//   digit        digit[i]: the bits - shift digits of floor(gap[i] / 2^shift), least significant first; gap[i] = largest - in[i], less 1
//                for the values before the first largest one
//   parameters   2 <= n <= 2^16, 1 <= shift < bits <= 100
//   constraints  n * (bits + 2), of which n are linear and the only ones to contain `in` (in matrix C)
//
// Why unique. This is ArgMax for the first of equals: with s[i] = before[i-1] - before[i], before[-1] = 1, before[n-1] = 0, the s[i] sum
// to 1, gap[i] = largest - in[i] - before[i] has `bits` binary digits, and s[i] is 0 or 1 - K * gap[i], K a power of two above n. Let C be
// the set of i with the latter: |C| - K * (sum of gap[i] over C) = 1, as an integer because n * 2^bits * K < r/2, so |C| = 1 and that gap
// is 0. Hence one s[c] is 1, before[i] is 1 up to c and 0 from it, largest = in[c], all in[i] <= in[c], and in[i] < in[c] for i < c: c is
// the first largest. All gaps follow, and their digits: both sides of the linear rows are below 2^(bits+1) < r in size.
template Distances(n, bits, shift) {
    assert(n >= 2 && n <= 65536 && shift >= 1 && shift < bits && bits <= 100);
    var K = 1;
    while (K <= n) {
        K = K << 1;
    }

    signal input in[n];
    signal output digit[n][bits - shift];
    signal largest;
    signal before[n - 1];
    signal remainder[n][shift];

    var first = 0;
    for (var i = 1; i < n; i++) {
        if (in[i] - in[first] > 0) {
            first = i;
        }
    }
    largest <-- in[first];
    for (var i = 0; i < n - 1; i++) {
        before[i] <-- i < first ? 1 : 0;
    }

    for (var i = 0; i < n; i++) {
        var previous = i == 0 ? 1 : before[i - 1];
        var next = i == n - 1 ? 0 : before[i];
        var gap = largest - in[i] - next;
        var sum = 0;
        for (var j = 0; j < shift; j++) {
            remainder[i][j] <-- (gap >> j) & 1;
            remainder[i][j] * (remainder[i][j] - 1) === 0;
            sum += remainder[i][j] * (1 << j);
        }
        for (var j = shift; j < bits; j++) {
            digit[i][j - shift] <-- (gap >> j) & 1;
            digit[i][j - shift] * (digit[i][j - shift] - 1) === 0;
            sum += digit[i][j - shift] * (1 << j);
        }
        largest - in[i] - next === sum;
        (previous - next) * (previous - next - 1 + K * sum) === 0;
    }
}
