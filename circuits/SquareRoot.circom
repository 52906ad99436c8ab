pragma circom 2.1.0;

// out = floor(sqrt(in)), for a value that is not negative.
//
// Contract
//   in           0 <= in < 2^(2 * bits), guaranteed by the caller
//   out          floor(sqrt(in)), below 2^bits
//   parameters   2 <= bits <= 26
//   constraints  3 * bits + 5, of which two are linear; `in` stands in C of one row
//
// Why unique. out, remainder and rest are numbers of bits, bits + 1 and bits + 1 binary digits with out * out = in - remainder and
// 2 * out = remainder + rest. All sides are far below r/2 in size, so these are equations of integers: 0 <= remainder <= 2 * out makes
// out^2 <= in < (out + 1)^2, which one number does. The digits of the three are unique.
template SquareRoot(bits) {
    assert(bits >= 2 && bits <= 26);

    signal input in;
    signal output out;
    signal digit[bits];
    signal remainder[bits + 1];
    signal rest[bits + 1];

    var root = 0;
    for (var k = bits - 1; k >= 0; k--) {
        if ((root + (1 << k)) * (root + (1 << k)) <= in) {
            root += 1 << k;
        }
    }
    out <-- root;
    var left = in - root * root;
    var sum = 0;
    for (var i = 0; i < bits; i++) {
        digit[i] <-- (root >> i) & 1;
        digit[i] * (digit[i] - 1) === 0;
        sum += digit[i] * (1 << i);
    }
    out === sum;
    var r = 0;
    var s = 0;
    for (var i = 0; i <= bits; i++) {
        remainder[i] <-- (left >> i) & 1;
        remainder[i] * (remainder[i] - 1) === 0;
        r += remainder[i] * (1 << i);
        rest[i] <-- ((2 * root - left) >> i) & 1;
        rest[i] * (rest[i] - 1) === 0;
        s += rest[i] * (1 << i);
    }
    out * out === in - r;
    2 * out === r + s;
}
