pragma circom 2.1.0;

// out = max(0, floor(in / 2^shift)): requantization and ReLU in one, where no saturation is needed.
//
// Contract
//   in           -2^bits + 2^shift <= in < 2^bits, guaranteed by the caller
//   out          max(0, u) with u = floor(in / 2^shift), in [0, 2^(bits-shift) - 1]
//   parameters   0 <= shift < bits <= 250
//   constraints  bits + 2, of which one is linear and the only one to contain `in` (in matrix C)
//
// Why unique. Let e be the number with the digits `magnitude`, 0 <= e < 2^(bits-shift), and remainder in [0, 2^shift - 1].
// The linear row says in = 2^shift * u + remainder for u = 2 * out - e, the product row that out is 0 or e; so u is -e or e,
// |u| < 2^(bits-shift), the equation is one of integers, and division with remainder fixes u and the remainder.
// Then e = |u|. If u > 0, out = 0 would give u = -e <= 0: out = e = u. If u < 0, out = e would give u = e >= 0: out = 0.
// If u = 0, then e = 0 and both say out = 0. No sign bit is needed.
template RequantizeRelu(bits, shift) {
    assert(shift >= 0 && shift < bits && bits <= 250);
    var width = bits - shift;

    signal input in;
    signal output out;
    signal remainder[shift];
    signal magnitude[width];

    // Shifts work on non-negative numbers: in + 2^bits has the same remainder.
    var raised = in + (1 << bits);
    var dropped = 0;
    for (var i = 0; i < shift; i++) {
        remainder[i] <-- (raised >> i) & 1;
        remainder[i] * (remainder[i] - 1) === 0;
        dropped += remainder[i] * (1 << i);
    }

    var u = (raised >> shift) - (1 << width);
    var absolute = u < 0 ? -u : u;
    var e = 0;
    for (var i = 0; i < width; i++) {
        magnitude[i] <-- (absolute >> i) & 1;
        magnitude[i] * (magnitude[i] - 1) === 0;
        e += magnitude[i] * (1 << i);
    }

    out <-- u < 0 ? 0 : u;
    out * (e - out) === 0;
    in === (2 * out - e) * (1 << shift) + dropped;
}
