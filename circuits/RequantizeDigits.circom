pragma circom 2.1.0;

// The binary digits of floor(in / 2^shift), for in that is known not to be negative and needs no saturation: a requantization whose
// result is an index (see Table).
//
// Contract
//   in           0 <= in < 2^bits, guaranteed by the caller
//   digit        the bits - shift binary digits of floor(in / 2^shift), least significant first
//   parameters   0 <= shift < bits, 2 <= bits <= 250 (with one bit and no shift, `in` is its digit)
//   constraints  bits + 1, of which one is linear and the only one to contain `in` (in matrix C)
//
// Why unique. in is the sum of `bits` binary digits, each boolean by its row, times their powers of two. Both sides are below
// 2^bits < r, so the equation modulo r is one of integers, and binary digits are unique.
template RequantizeDigits(bits, shift) {
    assert(shift >= 0 && shift < bits && bits >= 2 && bits <= 250);

    signal input in;
    signal output digit[bits - shift];
    signal remainder[shift];

    var sum = 0;
    for (var i = 0; i < shift; i++) {
        remainder[i] <-- (in >> i) & 1;
        remainder[i] * (remainder[i] - 1) === 0;
        sum += remainder[i] * (1 << i);
    }
    for (var i = shift; i < bits; i++) {
        digit[i - shift] <-- (in >> i) & 1;
        digit[i - shift] * (digit[i - shift] - 1) === 0;
        sum += digit[i - shift] * (1 << i);
    }
    in === sum;
}
