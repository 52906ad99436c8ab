pragma circom 2.1.0;

// u = floor(in / 2^shift) where it may lie outside [0, M], M = 2^outBits - 1: the digits of its low part, and on which side of the
// range it lies. A requantization whose saturated result is an index (see Table): for a function f of the digits, f of the saturated
// index is inside * (f(digits) - f(M)) + f(0) + (f(M) - f(0)) * nonNegative, whatever the digits are where u is outside.
//
// Contract
//   in           -2^bits <= in < 2^bits + 2^(shift+outBits), guaranteed by the caller
//   digit        binary digits of u modulo 2^outBits, least significant first
//   nonNegative  1 where u >= 0, else 0
//   inside       1 where 0 <= u <= M, else 0
//   parameters   0 <= shift, 1 <= outBits, shift + outBits < bits <= 120
//   constraints  bits + 3, of which one is linear and the only one to contain `in` (in matrix C)
//
// Why unique. As in RequantizeClamp, whose rows these are without the last: u = low + 2^outBits * H with 0 <= low <= M by its digits
// and in = 2^shift * u + remainder; H < 0 below the range, 0 inside, > 0 above. With h = bits - shift - outBits, W the number with the
// digits `excess`, 0 <= W < 2^h,
//     H = nonNegative - inside + W - 2^h * (1 - nonNegative),     X = W + 1 - nonNegative, 0 <= X <= 2^h.
// inside is 0 or 1 - K * X, K = 2^(h+2), and the latter with X > 0 makes `in` larger than the contract allows. So inside = 1 means
// nonNegative = 1, W = 0, H = 0; inside = 0 and nonNegative = 1 mean H in [1, 2^h]; both 0 mean H in [-2^h, -1]. All are integers below
// the modulus: division with remainder fixes remainder, low and H, and H, whose three ranges are disjoint, fixes inside, nonNegative and W.
template RequantizeClampDigits(bits, shift, outBits) {
    assert(shift >= 0 && outBits >= 1 && shift + outBits < bits && bits <= 120);
    var h = bits - shift - outBits;
    var K = 1 << (h + 2);

    signal input in;
    signal output digit[outBits];
    signal output nonNegative;
    signal output inside;
    signal remainder[shift];
    signal excess[h];

    // Shifts work on non-negative numbers: in + 2^bits has the same digits below 2^bits.
    var raised = in + (1 << bits);
    var dropped = 0;
    for (var i = 0; i < shift; i++) {
        remainder[i] <-- (raised >> i) & 1;
        remainder[i] * (remainder[i] - 1) === 0;
        dropped += remainder[i] * (1 << i);
    }
    var low = 0;
    for (var i = 0; i < outBits; i++) {
        digit[i] <-- (raised >> (shift + i)) & 1;
        digit[i] * (digit[i] - 1) === 0;
        low += digit[i] * (1 << i);
    }

    // H + 2^h, in [0, 2^(h+1)]
    var high = raised >> (shift + outBits);
    nonNegative <-- high >= (1 << h) ? 1 : 0;
    inside <-- high == (1 << h) ? 1 : 0;
    var rest = high > (1 << h) ? high - (1 << h) - 1 : (high == (1 << h) ? 0 : high);
    var W = 0;
    for (var i = 0; i < h; i++) {
        excess[i] <-- (rest >> i) & 1;
        excess[i] * (excess[i] - 1) === 0;
        W += excess[i] * (1 << i);
    }

    nonNegative * (nonNegative - 1) === 0;
    inside * (inside - 1 + K * (W + 1 - nonNegative)) === 0;
    var H = nonNegative - inside + W - (1 << h) * (1 - nonNegative);
    in === (low + H * (1 << outBits)) * (1 << shift) + dropped;
}
