pragma circom 2.1.0;

// out = base[i] + slope[i] * j, for an index given by its binary digits: a function of one value by straight lines, one for each value i
// of the index's upper digits; j is the number that its lower digits are.
//
// Contract
//   digit        the index's binary digits, least significant first; each 0 or 1, guaranteed by the caller
//   base, slope  2^upper integers each; the slopes are not all equal
//   out          base[i] + slope[i] * j, i = floor(index / 2^lower), j = index mod 2^lower
//   parameters   1 <= lower, 1 <= upper <= 8; |slope| * 2^lower and |base| below 2^60
//   constraints  2^upper - upper: 27 for 32 lines
//
// Why unique. row[i] is 1 where the upper digits are i, else 0: one digit more makes row[i] * digit of it the upper half, what is left the
// lower; the products of all i sum to the digit, so one of them needs no wire. out is the sum of row[i] * base[i] and one product more, of
// the sum of row[i] * slope[i] with the sum of the lower digits by weight. Each row of the system defines one new wire by those before it,
// whatever the digits are.
template Lines(lower, upper, base, slope) {
    assert(lower >= 1 && upper >= 1 && upper <= 8);
    var rows = 1 << upper;

    signal input digit[lower + upper];
    signal output out;
    signal rowProduct[rows - 1 - upper];

    var row[rows];
    row[0] = 1;
    var next = 0;
    for (var k = 0; k < upper; k++) {
        var size = 1 << k;
        var first = digit[lower + k];
        for (var i = 1; i < size; i++) {
            rowProduct[next] <== row[i] * digit[lower + k];
            row[size + i] = rowProduct[next];
            row[i] -= rowProduct[next];
            first -= rowProduct[next];
            next++;
        }
        row[size] = first;
        row[0] -= first;
    }

    var low = 0;
    for (var k = 0; k < lower; k++) {
        low += digit[k] * (1 << k);
    }
    var begin = 0;
    var rise = 0;
    for (var i = 0; i < rows; i++) {
        begin += row[i] * base[i];
        rise += row[i] * slope[i];
    }
    out <== rise * low + begin;
}
