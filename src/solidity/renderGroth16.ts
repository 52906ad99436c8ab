/**
 * The cryptographic half of a generated verifier: Groth16's equation (Groth 2016, section 3.2)
 *
 *     e(A, B) = e(alpha, beta) * e(IC_0 + sum s_j IC_j, gamma) * e(C, delta)
 *
 * over the precompiles of EIP-196 and EIP-197 at EIP-1108's prices, for one proof and for many.
 *
 * The traps: a precompile that meets a malformed point burns all gas it was given, so each gets at most twice its price;
 * and the point at infinity is (0, 0) there, which no honest proof contains and which is refused.
 */
import { BASE_FIELD, SCALAR_FIELD, wordHex } from './key.js';

const HEADER_WORDS = 14;

/** Names of the key's words as Solidity constants, in `keyWords`' order. */
export function keyConstants(words: readonly bigint[]): { readonly name: string; readonly value: bigint }[] {
  const g2 = ['X1', 'X0', 'Y1', 'Y0'];
  const names = [
    'ALPHA_X',
    'ALPHA_Y',
    ...['BETA', 'GAMMA', 'DELTA'].flatMap((point) => g2.map((c) => `${point}_${c}`)),
    ...Array.from({ length: (words.length - HEADER_WORDS) / 2 }, (_, i) => [`IC${i}_X`, `IC${i}_Y`]).flat(),
  ];
  return names.map((name, i) => ({ name, value: words[i] }));
}

/** Declarations of the fields' orders and of the key. */
export function renderConstants(words: readonly bigint[]): string {
  const constants = keyConstants(words).map(({ name, value }) => `    uint256 private constant ${name} = 0x${wordHex(value)};`);
  return `\
    /// Order of BN254's base field.
    uint256 private constant P = 0x${wordHex(BASE_FIELD)};
    /// Order of BN254's scalar field.
    uint256 private constant R = 0x${wordHex(SCALAR_FIELD)};

    // The verification key. G2 coordinates: imaginary part (1) before real part (0), as EIP-197 wants them.
${constants.join('\n')}

    /// Most proofs that one call checks together.
    uint256 private constant MAX_BATCH = 128;
`;
}

/** `verifyProof`, `verifyBatch`, `verificationKey`, `vkHash` and what they stand on. */
export function renderGroth16(words: readonly bigint[]): string {
  const n = (words.length - HEADER_WORDS) / 2 - 1;
  const signalsType = `uint256[${n}]`;
  return `\
    /// @notice Whether a proof is valid for these public signals.
    /// @dev Arguments as snarkjs's \`soliditycalldata\` prints them. False for anything malformed.
    /// @param a A.
    /// @param b B, imaginary part of each coordinate first.
    /// @param c C.
    /// @param signals The public signals.
    /// @return valid Whether the proof is valid.
    function verifyProof(
        uint256[2] calldata a,
        uint256[2][2] calldata b,
        uint256[2] calldata c,
        ${signalsType} calldata signals
    ) external view returns (bool valid) {
        uint256 work;
        assembly ("memory-safe") {
            // b, c and signals follow a: one run of words.
            work := mload(0x40)
            mstore(0x40, add(work, ${hex(workBytes(n))}))
            calldatacopy(add(work, 0xc0), a, ${hex(0x100 + 32 * n)})
            pop(b)
            pop(c)
            pop(signals)
        }
        return _verify(work);
    }

    /// @notice Whether every one of up to 128 proofs is valid.
    /// @dev Checks a random linear combination of the proofs' equations with n + 3 pairings. The coefficients have 128 bits
    /// and hash all proofs and signals, so none of these can be chosen after them.
    /// @param proofs A, B and C of each proof: the eight words of \`verifyProof\`'s a, b, c.
    /// @param signals The public signals of each proof.
    /// @return valid Whether all proofs are valid; false for an empty or too large batch.
    function verifyBatch(uint256[8][] calldata proofs, ${signalsType}[] calldata signals)
        external
        view
        returns (bool valid)
    {
        uint256 count = proofs.length;
        if (count == 0 || count > MAX_BATCH || count != signals.length) return false;
        uint256 offset;
        uint256 copy;
        assembly ("memory-safe") {
            offset := proofs.offset
            copy := mload(0x40)
            let size := mul(count, ${hex(32 * n)})
            calldatacopy(copy, signals.offset, size)
            mstore(0x40, add(copy, size))
        }
        return _verifyBatch(offset, 0x100, copy, count);
    }

    /// @notice The verification key's words: alpha, beta, gamma, delta, IC.
    /// @return words The constants that every verification in this contract uses, in that order.
    function verificationKey() external pure returns (uint256[] memory words) {
        uint256 key = _key();
        words = new uint256[](${words.length});
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, ${hex(32 * words.length)}) { i := add(i, 0x20) } {
                mstore(add(add(words, 0x20), i), mload(add(key, i)))
            }
        }
    }

    /// @notice keccak256 of the words of \`verificationKey\`, computed from them.
    /// @return hash The key's hash.
    function vkHash() external pure returns (bytes32 hash) {
        uint256 key = _key();
        assembly ("memory-safe") {
            hash := keccak256(key, ${hex(32 * words.length)})
        }
    }

    /// Writes the key to memory and returns where.
    function _key() private pure returns (uint256 key) {
        assembly ("memory-safe") {
            key := mload(0x40)
            mstore(0x40, add(key, ${hex(32 * words.length)}))
${keyConstants(words)
  .map(({ name }, i) => `            mstore(${at('key', 32 * i)}, ${name})`)
  .join('\n')}
        }
    }

    /// Checks one proof. \`work\` is ${workBytes(n)} bytes of memory: A, B and C from byte 192 on, then the signals; overwritten.
    function _verify(uint256 work) private view returns (bool valid) {
${n > MAX_UNROLLED ? '        uint256 key = _key();\n' : ''}\
        assembly ("memory-safe") {
            // At work IC_0 + s_1 IC_1 + ... so far; behind it the next term, a point and its scalar.
            let x := add(work, 0x40)
            let y := add(work, 0x60)
            let scalar := add(work, 0x80)
            mstore(work, IC0_X)
            mstore(add(work, 0x20), IC0_Y)
            valid := 1
${n > MAX_UNROLLED ? renderTermLoop(n) : Array.from({ length: n }, (_, j) => renderTerm(j)).join('\n')}

            // Four pairs: (sum, gamma), (-A, B), (C, delta), (alpha, beta).
            mstore(x, GAMMA_X1)
            mstore(y, GAMMA_X0)
            mstore(scalar, GAMMA_Y1)
            mstore(add(work, 0xa0), GAMMA_Y0)
            let ay := mload(add(work, 0xe0))
            mstore(add(work, 0xe0), sub(P, ay))
            mstore(add(work, 0x1c0), DELTA_X1)
            mstore(add(work, 0x1e0), DELTA_X0)
            mstore(add(work, 0x200), DELTA_Y1)
            mstore(add(work, 0x220), DELTA_Y0)
            mstore(add(work, 0x240), ALPHA_X)
            mstore(add(work, 0x260), ALPHA_Y)
            mstore(add(work, 0x280), BETA_X1)
            mstore(add(work, 0x2a0), BETA_X0)
            mstore(add(work, 0x2c0), BETA_Y1)
            mstore(add(work, 0x2e0), BETA_Y0)

            // No point of these groups but infinity has y = 0. For A at infinity -y is P, which the precompile refuses;
            // an A with y not below P would otherwise pass for another.
            valid := and(valid, lt(ay, P))
            valid := and(valid, iszero(iszero(or(mload(add(work, 0x140)), mload(add(work, 0x160))))))
            valid := and(valid, iszero(iszero(mload(add(work, 0x1a0)))))
            if valid {
                valid := staticcall(${2 * (45000 + 4 * 34000)}, 8, work, 0x300, 0x00, 0x20)
                valid := and(valid, eq(mload(0x00), 1))
            }
        }
    }

${renderBatch(n)}`;
}

/** Where the signals lie in `_verify`'s working memory: behind the first pair, A, B and C. */
export const SIGNALS = 0x1c0;

/** Size of that memory: four pairs, or the signals' end. */
export function workBytes(n: number): number {
  return Math.max(0x300, SIGNALS + 32 * n);
}

/** Up to here a term of the sum costs less unrolled; above, code would outgrow EIP-170's limit. */
const MAX_UNROLLED = 32;

// Arguments are evaluated from the right: the product before the sum.
const ADD_TERM = 'and(staticcall(300, 6, work, 0x80, work, 0x40), staticcall(12000, 7, x, 0x60, x, 0x40))';

function renderTerm(j: number): string {
  return `\
            mstore(x, IC${j + 1}_X)
            mstore(y, IC${j + 1}_Y)
            mstore(scalar, mload(${at('work', SIGNALS + 32 * j)}))
            valid := and(${ADD_TERM}, and(lt(mload(scalar), R), valid))`;
}

function renderTermLoop(n: number): string {
  return `\
            let signals := add(work, ${hex(SIGNALS)})
            for { let ic := add(key, ${hex(32 * HEADER_WORDS + 64)}) } lt(ic, add(key, ${hex(32 * (HEADER_WORDS + 2 * n + 2))})) { ic := add(ic, 0x40) } {
                mstore(x, mload(ic))
                mstore(y, mload(add(ic, 0x20)))
                mstore(scalar, mload(signals))
                signals := add(signals, 0x20)
                valid := and(${ADD_TERM}, and(lt(mload(scalar), R), valid))
            }`;
}

function renderBatch(n: number): string {
  return `\
    /// Checks \`count\` proofs, eight words of calldata each, \`stride\` bytes apart from \`proofs\` on, against ${n} words of
    /// memory each from \`signals\` on. With random r_i, r_0 = 1:
    ///   prod e(r_i A_i, B_i) = e((sum r_i) alpha, beta) e(sum r_i IC(s_i), gamma) e(sum r_i C_i, delta)
    function _verifyBatch(uint256 proofs, uint256 stride, uint256 signals, uint256 count)
        private
        view
        returns (bool valid)
    {
        uint256 key = _key();
        assembly ("memory-safe") {
            // sums: (sum r_i), (sum r_i s_ij) for each j. t: sum (2 words), term (3 words). m: the pairs.
            let sums := mload(0x40)
            let t := add(sums, ${hex(32 * (n + 1))})
            let m := add(t, 0xa0)

            calldatacopy(m, proofs, mul(count, stride))
            mstore(0x00, keccak256(m, mul(count, stride)))
            mstore(0x20, keccak256(signals, mul(count, ${hex(32 * n)})))
            let seed := keccak256(0x00, 0x40)

            calldatacopy(sums, calldatasize(), ${hex(32 * (n + 1))})
            valid := 1
            let pair := m
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                mstore(0x00, seed)
                mstore(0x20, i)
                let r := shr(128, keccak256(0x00, 0x40))
                if iszero(i) { r := 1 }
                mstore(sums, addmod(mload(sums), r, R))
                for { let weighted := add(sums, 0x20) } lt(weighted, t) { weighted := add(weighted, 0x20) } {
                    let s := mload(signals)
                    valid := and(valid, lt(s, R))
                    mstore(weighted, addmod(mload(weighted), mulmod(s, r, R), R))
                    signals := add(signals, 0x20)
                }

                // The pair (r A, B), and C with its scalar behind the sum.
                calldatacopy(pair, proofs, 0xc0)
                calldatacopy(add(t, 0x40), add(proofs, 0xc0), 0x40)
                proofs := add(proofs, stride)
                // y = 0 for the point at infinity alone.
                valid := and(valid, iszero(iszero(mload(add(pair, 0x20)))))
                valid := and(valid, iszero(iszero(or(mload(add(pair, 0x80)), mload(add(pair, 0xa0))))))
                valid := and(valid, iszero(iszero(mload(add(t, 0x60)))))
                switch i
                case 0 {
                    mstore(t, mload(add(t, 0x40)))
                    mstore(add(t, 0x20), mload(add(t, 0x60)))
                }
                default {
                    let bx := mload(add(pair, 0x40))
                    mstore(add(pair, 0x40), r)
                    valid := and(valid, staticcall(12000, 7, pair, 0x60, pair, 0x40))
                    mstore(add(pair, 0x40), bx)
                    mstore(add(t, 0x80), r)
                    valid := and(valid, staticcall(12000, 7, add(t, 0x40), 0x60, add(t, 0x40), 0x40))
                    valid := and(valid, staticcall(300, 6, t, 0x80, t, 0x40))
                }
                if iszero(valid) { break }
                pair := add(pair, 0xc0)
            }

            if valid {
                // The right-hand side goes left: its scalars and sum C are negated.
                mstore(pair, mload(t))
                mstore(add(pair, 0x20), sub(P, mload(add(t, 0x20))))
                copyG2(add(pair, 0x40), add(key, 0x140))
                pair := add(pair, 0xc0)

                mstore(pair, mload(key))
                mstore(add(pair, 0x20), mload(add(key, 0x20)))
                mstore(add(pair, 0x40), sub(R, mload(sums)))
                valid := and(valid, staticcall(12000, 7, pair, 0x60, pair, 0x40))
                copyG2(add(pair, 0x40), add(key, 0x40))
                pair := add(pair, 0xc0)

                // t holds the sum again, of the IC points; infinity to begin with.
                mstore(t, 0)
                mstore(add(t, 0x20), 0)
                let ic := add(key, ${hex(32 * HEADER_WORDS)})
                for { let j := 0 } lt(j, ${n + 1}) { j := add(j, 1) } {
                    mstore(add(t, 0x40), mload(ic))
                    mstore(add(t, 0x60), mload(add(ic, 0x20)))
                    mstore(add(t, 0x80), sub(R, mload(add(sums, shl(5, j)))))
                    valid := and(valid, staticcall(12000, 7, add(t, 0x40), 0x60, add(t, 0x40), 0x40))
                    valid := and(valid, staticcall(300, 6, t, 0x80, t, 0x40))
                    ic := add(ic, 0x40)
                }
                mstore(pair, mload(t))
                mstore(add(pair, 0x20), mload(add(t, 0x20)))
                copyG2(add(pair, 0x40), add(key, 0xc0))

                let pairs := add(count, 3)
                valid := and(valid, staticcall(mul(2, add(45000, mul(34000, pairs))), 8, m, mul(0xc0, pairs), 0x00, 0x20))
                valid := and(valid, eq(mload(0x00), 1))
            }

            function copyG2(to, from) {
                mstore(to, mload(from))
                mstore(add(to, 0x20), mload(add(from, 0x20)))
                mstore(add(to, 0x40), mload(add(from, 0x40)))
                mstore(add(to, 0x60), mload(add(from, 0x60)))
            }
        }
    }
`;
}

function at(base: string, offset: number): string {
  return offset === 0 ? base : `add(${base}, ${hex(offset)})`;
}

function hex(value: number): string {
  const digits = value.toString(16);
  return `0x${digits.padStart(digits.length + (digits.length % 2), '0')}`;
}
