pragma circom 2.1.0;

// out = floor(in / 2^shift), for in that is known not to be negative and needs no saturation.
//
// Contract
//   in           0 <= in < 2^bits, guaranteed by the caller (an interval bound on a combination of range-checked wires)
//   out          floor(in / 2^shift), in [0, 2^(bits-shift) - 1]
//   parameters   1 <= shift < bits <= 250 (for shift = 0 nothing is to be done: in is out)
//   constraints  bits + 1, of which one is linear and the only one to contain `in` (in matrix C)
//
// Why unique. in = 2^shift * out + remainder with remainder in [0, 2^shift - 1] by its binary digits. `out` lies in
// [0, 2^(bits-shift) - 1]: its lower digits are boolean, and its top digit, written as the combination
// (out - lower digits) / 2^(top), is boolean as well. Division with remainder is unique, and so are binary digits; both sides
// are below 2^bits < r, so the equation modulo r is one of integers.
template Requantize(bits, shift) {
    assert(shift >= 1 && shift < bits && bits <= 250);
    var width = bits - shift;

    signal input in;
    signal output out;
    signal remainder[shift];
    signal digit[width - 1];

    var dropped = 0;
    for (var i = 0; i < shift; i++) {
        remainder[i] <-- (in >> i) & 1;
        remainder[i] * (remainder[i] - 1) === 0;
        dropped += remainder[i] * (1 << i);
    }

    out <-- in >> shift;
    var sum = 0;
    for (var i = 0; i < width - 1; i++) {
        digit[i] <-- (in >> (shift + i)) & 1;
        digit[i] * (digit[i] - 1) === 0;
        sum += digit[i] * (1 << i);
    }
    (out - sum) * (out - sum - (1 << (width - 1))) === 0;

    in === out * (1 << shift) + dropped;
}
