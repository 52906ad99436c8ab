pragma circom 2.1.0;

// out = max(a, b).
//
// Contract
//   a, b         |a - b| < 2^bits, guaranteed by the caller
//   out          the larger of the two
//   parameters   1 <= bits <= 250
//   constraints  bits + 1; `a` and `b` stand in two of them, once each in A and in B of the second, and once in A (a) or in B
//                (b) of the first: make long combinations wires
//
// Why unique. The first row says that out is a or b. The second ones say that e = 2 * out - a - b, which is then |a - b| for the
// larger and -|a - b| for the smaller, has `bits` binary digits (the top one is the combination that the others leave), so
// is not negative: 0 <= e < 2^bits < r/2. Equal inputs make both choices the same. Digits are unique.
template Max2(bits) {
    assert(bits >= 1 && bits <= 250);
    signal input a;
    signal input b;
    signal output out;
    signal digit[bits - 1];

    // a - b + 2^bits is positive, whatever the signs of a and b.
    var raised = a - b + (1 << bits);
    out <-- raised >= (1 << bits) ? a : b;
    (out - a) * (out - b) === 0;

    var e = 2 * out - a - b;
    var absolute = raised >= (1 << bits) ? raised - (1 << bits) : (1 << bits) - raised;
    var sum = 0;
    for (var i = 0; i < bits - 1; i++) {
        digit[i] <-- (absolute >> i) & 1;
        digit[i] * (digit[i] - 1) === 0;
        sum += digit[i] * (1 << i);
    }
    (e - sum) * (e - sum - (1 << (bits - 1))) === 0;
}
