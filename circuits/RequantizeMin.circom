pragma circom 2.1.0;

// out = min(floor(in / 2^shift), max): requantization that saturates above, for in that needs no clamp below.
//
// Contract
//   in           u = floor(in / 2^shift) satisfies |u - max| < 2^(bits-shift), guaranteed by the caller
//                (so out lies above max - 2^(bits-shift))
//   out          min(u, max)
//   parameters   0 <= shift < bits <= 250; max >= 0
//   constraints  bits + 2, of which one is linear and the only one to contain `in` (in matrix C)
//
// Why unique. Write below = max - out, to be max(0, max - u), and e = |max - u|, 0 <= e < 2^(bits-shift) by its digits.
// The product row says that below is 0 or e, the linear row that in = 2^shift * u + remainder for u = max + e - 2 * below.
// So u is max + e or max - e, |u - max| < 2^(bits-shift), the equation is one of integers, and division with remainder fixes
// u and the remainder, and with them e. If u < max, below = 0 would give u >= max: below = e, out = u. If u > max,
// below = e would give u <= max: below = 0, out = max. If u = max, e = 0 and both say out = max.
template RequantizeMin(bits, shift, max) {
    assert(shift >= 0 && shift < bits && bits <= 250);
    var width = bits - shift;
    assert(max >= 0);

    signal input in;
    signal output out;
    signal remainder[shift];
    signal magnitude[width];

    // Shifts work on non-negative numbers: in + 2^bits has the same remainder, and in >= -2^bits because max >= 0.
    var raised = in + (1 << bits);
    var dropped = 0;
    for (var i = 0; i < shift; i++) {
        remainder[i] <-- (raised >> i) & 1;
        remainder[i] * (remainder[i] - 1) === 0;
        dropped += remainder[i] * (1 << i);
    }

    var u = (raised >> shift) - (1 << width);
    var absolute = u < max ? max - u : u - max;
    var e = 0;
    for (var i = 0; i < width; i++) {
        magnitude[i] <-- (absolute >> i) & 1;
        magnitude[i] * (magnitude[i] - 1) === 0;
        e += magnitude[i] * (1 << i);
    }

    out <-- u < max ? u : max;
    (max - out) * (e - (max - out)) === 0;
    in === (2 * out - max + e) * (1 << shift) + dropped;
}
