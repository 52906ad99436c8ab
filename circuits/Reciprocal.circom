pragma circom 2.1.0;

// out = floor(numerator / in), for a positive value.
//
// Contract
//   in           1 <= in < 2^bits and floor(numerator / in) < 2^outBits, guaranteed by the caller
//   out          floor(numerator / in)
//   parameters   1 <= bits, 1 <= outBits, bits + outBits <= 250, 0 <= numerator < 2^250
//   constraints  outBits + 2 * bits + 3, of which two are linear; `in` stands in B of one row and in C of another
//
// Why unique. out has outBits binary digits, and two numbers r and s of `bits` binary digits each satisfy out * in = numerator - r and
// in - 1 - r = s. All are non-negative and both sides below r/2 in size, so these are equations of integers: 0 <= r <= in - 1, which
// makes out and r quotient and remainder of a division. Digits of out, r and s = in - 1 - r are unique.
template Reciprocal(numerator, bits, outBits) {
    assert(bits >= 1 && outBits >= 1 && bits + outBits <= 250 && numerator < (1 << 250));

    signal input in;
    signal output out;
    signal digit[outBits];
    signal remainder[bits];
    signal rest[bits];

    out <-- in == 0 ? 0 : numerator \ in;
    var left = numerator - out * in;
    var quotient = 0;
    for (var i = 0; i < outBits; i++) {
        digit[i] <-- (out >> i) & 1;
        digit[i] * (digit[i] - 1) === 0;
        quotient += digit[i] * (1 << i);
    }
    out === quotient;
    var r = 0;
    var s = 0;
    for (var i = 0; i < bits; i++) {
        remainder[i] <-- (left >> i) & 1;
        remainder[i] * (remainder[i] - 1) === 0;
        r += remainder[i] * (1 << i);
        rest[i] <-- ((in - 1 - left) >> i) & 1;
        rest[i] * (rest[i] - 1) === 0;
        s += rest[i] * (1 << i);
    }
    quotient * in === numerator - r;
    in - 1 - r === s;
}
