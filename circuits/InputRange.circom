pragma circom 2.1.0;

// Number of binary digits of n >= 0.
function bitLength(n) {
    var length = 0;
    while (n > 0) {
        n = n >> 1;
        length++;
    }
    return length;
}

// Proves 0 <= in <= max, for a private value nothing else is known about.
//
// Contract
//   in           any field element; max is a constant, 1 <= max < 2^250
//   output       none: what is proved is the range
//   constraints  k = bitLength(max), on k - 1 inner wires
//
// Why. The digits have the weights 1, 2, 4, ..., 2^(k-2) and, for the top one, max - (2^(k-1) - 1), which lies in
// [1, 2^(k-1)]: the subset sums of these weights are exactly 0 .. max, without a gap. The top digit gets no wire; the last
// row says that what the lower digits leave of `in` is either 0 or the top weight. All sums are below the modulus.
//
// Inner wires. If max + 1 is a power of two the weights are powers of two, and the digits are unique. Otherwise some
// values have two decompositions; no other wire depends on the digits, so the choice is invisible and the range is
// proved either way. Declare ranges of 2^k values where every wire has to be unique.
template InputRange(max) {
    assert(max >= 1);
    var k = bitLength(max);
    assert(k <= 250);
    var top = max - ((1 << (k - 1)) - 1);

    signal input in;
    signal digit[k - 1];

    var low = in >= (1 << (k - 1)) ? in - top : in;
    var sum = 0;
    for (var i = 0; i < k - 1; i++) {
        digit[i] <-- (low >> i) & 1;
        digit[i] * (digit[i] - 1) === 0;
        sum += digit[i] * (1 << i);
    }
    (in - sum) * (in - sum - top) === 0;
}
