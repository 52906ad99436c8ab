pragma circom 2.1.0;

// out = clamp(floor(in / 2^shift), 0, 2^outBits - 1): requantization that saturates at both ends.
//
// Contract
//   in           -2^bits <= in < 2^bits + 2^(shift+outBits), guaranteed by the caller
//   out          clamp(u, 0, M) with u = floor(in / 2^shift) and M = 2^outBits - 1
//   parameters   0 <= shift, 1 <= outBits, shift + outBits < bits <= 120 (for shift + outBits >= bits nothing can saturate
//                above: RequantizeRelu is cheaper)
//   constraints  bits + 4, of which one is linear and the only one to contain `in` (in matrix C)
//
// Why unique. u = low + 2^outBits * H, with 0 <= low <= M by its digits and in = 2^shift * u + remainder. Three cases:
// H < 0, below the range; H = 0, inside; H > 0, above. Let W be the number with the digits `excess`, h = bits-shift-outBits of
// them, 0 <= W < 2^h, and
//     H = nonNegative - inside + W - 2^h * (1 - nonNegative),     X = W + 1 - nonNegative, 0 <= X <= 2^h.
// nonNegative is boolean. The row inside * (inside - 1 + K * X) = 0, K = 2^(h+2), says that inside is 0 or 1 - K * X.
//   inside = 1 - K * X with X > 0 is impossible: it makes H = nonNegative - 1 + K * X + W - 2^h * (1 - nonNegative)
//     >= K - 1 - 2^h > 2^h + 1, so in >= 2^(shift+outBits) * (2^h + 2), above the contract's bound (and below
//     2^(bits+h+4) < r/2, so no wrap-around helps).
//   inside = 1, X = 0:                    nonNegative = 1, W = 0, so H = 0.
//   inside = 0, nonNegative = 1:          H = W + 1, in [1, 2^h].
//   inside = 0, nonNegative = 0:          H = W - 2^h, in [-2^h, -1].
// Everything is an integer below the modulus, so division with remainder fixes remainder, low and H; the three cases have
// disjoint H, which fixes inside, nonNegative and W. Last, out = inside * (low - M) + M * nonNegative is 0 below, low inside,
// M above.
template RequantizeClamp(bits, shift, outBits) {
    assert(shift >= 0 && outBits >= 1 && shift + outBits < bits && bits <= 120);
    var h = bits - shift - outBits;
    var M = (1 << outBits) - 1;
    var K = 1 << (h + 2);

    signal input in;
    signal output out;
    signal remainder[shift];
    signal digit[outBits];
    signal excess[h];
    signal nonNegative;
    signal inside;

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
    out <== inside * (low - M) + M * nonNegative;
}
