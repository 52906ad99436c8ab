pragma circom 2.1.0;

// Whether rows i and k of a table with `columns` columns are the same but for a constant.
function sameShape(entries, columns, i, k) {
    for (var j = 1; j < columns; j++) {
        if (entries[i * columns + j] - entries[i * columns] != entries[k * columns + j] - entries[k * columns]) {
            return 0;
        }
    }
    return 1;
}

// Whether row i has the shape of no row before it.
function isNewShape(entries, columns, i) {
    for (var k = 0; k < i; k++) {
        if (sameShape(entries, columns, i, k) == 1) {
            return 0;
        }
    }
    return 1;
}

// Shapes among the rows.
function shapeCount(entries, rows, columns) {
    var count = 0;
    for (var i = 0; i < rows; i++) {
        count += isNewShape(entries, columns, i);
    }
    return count;
}

// out = entries[index], for an index given by its binary digits: any function of one small value.
//
// Contract
//   digit        the index's binary digits, least significant first; each 0 or 1, guaranteed by the caller
//   entries      2^bits integers
//   out          entries[sum of digit[i] * 2^i]
//   parameters   4 <= bits <= 12
//   constraints  (2^h - 1 - h) + (2^l - 1 - l) + max(1, shapes - 1), h = floor(bits / 2), l = bits - h: 37 for 8 bits at most. The
//                entries are 2^h rows of 2^l; `shapes` counts the rows that differ by more than a constant, so that the flat or straight
//                parts of a function are cheap. With one shape the only row for `out` is linear: entries that make `out` a single digit
//                are refused by the linker.
//
// Why unique. column[j] is 1 where the l lower digits are j, else 0: one digit more makes column[j] * digit of it the upper half, what
// is left the lower; the products of all j sum to the digit, so one of them needs no wire. row[i] is the same for the h upper digits.
// out = sum_i row[i] * entries[i][0] + sum_j column[j] * shape_0[j] + sum over further shapes s of (sum of row[i] that have it) *
// (sum_j column[j] * (shape_s[j] - shape_0[j])), shape[j] = entries[i][j] - entries[i][0]. Each row of the system defines one new wire
// by those before it, whatever the digits are.
template Table(bits, entries) {
    assert(bits >= 4 && bits <= 12);
    var h = bits \ 2;
    var l = bits - h;
    var rows = 1 << h;
    var columns = 1 << l;
    var shapes = shapeCount(entries, rows, columns);

    signal input digit[bits];
    signal output out;
    signal columnProduct[columns - 1 - l];
    signal rowProduct[rows - 1 - h];
    signal product[shapes < 2 ? 0 : shapes - 2];

    var column[columns];
    column[0] = 1;
    var next = 0;
    for (var k = 0; k < l; k++) {
        var size = 1 << k;
        var first = digit[k];
        for (var j = 1; j < size; j++) {
            columnProduct[next] <== column[j] * digit[k];
            column[size + j] = columnProduct[next];
            column[j] -= columnProduct[next];
            first -= columnProduct[next];
            next++;
        }
        column[size] = first;
        column[0] -= first;
    }

    var row[rows];
    row[0] = 1;
    next = 0;
    for (var k = 0; k < h; k++) {
        var size = 1 << k;
        var first = digit[l + k];
        for (var i = 1; i < size; i++) {
            rowProduct[next] <== row[i] * digit[l + k];
            row[size + i] = rowProduct[next];
            row[i] -= rowProduct[next];
            first -= rowProduct[next];
            next++;
        }
        row[size] = first;
        row[0] -= first;
    }

    var sum = 0;
    for (var i = 0; i < rows; i++) {
        sum += row[i] * entries[i * columns];
    }
    for (var j = 1; j < columns; j++) {
        sum += column[j] * (entries[j] - entries[0]);
    }
    next = 0;
    for (var i = 1; i < rows; i++) {
        if (isNewShape(entries, columns, i) == 1) {
            var alike = 0;
            for (var k = i; k < rows; k++) {
                if (sameShape(entries, columns, i, k) == 1) {
                    alike += row[k];
                }
            }
            var difference = 0;
            for (var j = 1; j < columns; j++) {
                difference += column[j] * (entries[i * columns + j] - entries[i * columns] - entries[j] + entries[0]);
            }
            if (next < shapes - 2) {
                product[next] <== alike * difference;
                sum += product[next];
            } else {
                out <== alike * difference + sum;
            }
            next++;
        }
    }
    if (shapes == 1) {
        out <== sum;
    }
}
