/**
 * The cryptographic half of a generated verifier: Groth16's equation (Groth 2016, section 3.2)
 *
 *     e(A, B) = e(alpha, beta) * e(IC_0 + sum s_j IC_j, gamma) * e(C, delta)
 *
 * over the precompiles of EIP-196 and EIP-197 at EIP-1108's prices, for one proof and for many.
 *
 * The traps: a precompile that meets a malformed point burns all gas it was given, so those that see a proof's points
 * get at most twice their price (the key's points were checked, and a sum of points lies on the curve); and starving
 * inside a precompile looks like an invalid proof, so gas is counted first, with all words that are copied and hashed
 * before it. Infinity is (0, 0) there and needs no rule of its own, but a negation must keep it: P - 0 is P, which is
 * no coordinate.
 *
 * `_verify` is written for gas (figures: docs/contracts.md): fixed addresses, every term's point put before its scalar
 * where the scalars already lie, the sum of points growing where the pairing reads it, and the key's side negated, in
 * constants, instead of A.
 */
import { BASE_FIELD } from '../groth16/canonical.js';
import { FIELD_MODULUS } from '../r1cs/types.js';
import { wordHex } from './key.js';

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
  const constants = keyConstants(words).map(
    ({ name, value }) => `    uint256 private constant ${name} = 0x${wordHex(value)};`,
  );
  return `\
    /// Order of BN254's base field.
    uint256 private constant P = 0x${wordHex(BASE_FIELD)};
    /// Order of BN254's scalar field.
    uint256 private constant R = 0x${wordHex(FIELD_MODULUS)};

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
        assembly ("memory-safe") {
${claimWork(n)}
            // b and c follow a: one run of words.
            calldatacopy(${hex(POINTS)}, a, 0x100)
            calldatacopy(${hex(SIGNALS)}, signals, ${hex(32 * n)})
            pop(b)
            pop(c)
        }
        valid = _verify();
        // Solidity's own return would encode to fresh memory.
        assembly ("memory-safe") {
            mstore(0x00, valid)
            return(0x00, 0x20)
        }
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

    /// Checks the proof that its caller has laid out in memory: A, B and C from ${hex(POINTS)} on, the signals from ${hex(SIGNALS)} on. The
    /// caller has allocated ${workBytes(n)} bytes at ${hex(WORK)}, all of which are overwritten.
    function _verify() private view returns (bool valid) {
${n > MAX_UNROLLED ? '        uint256 key = _key();\n' : ''}\
        assembly ("memory-safe") {
            // A precompile that starves would look like an invalid proof: out of gas is an error of the caller.
            if lt(gas(), ${gasNeeded(n)}) { revert(0x00, 0x00) }
            // The sum grows at ${hex(WORK)}. Each term's point is put before its scalar, over words that are done with, multiplied to
            // ${hex(WORK + 0x40)}, added; returndatasize() is a point's 64 bytes. Arguments are evaluated from the right.
            mstore(${hex(WORK)}, IC0_X)
            mstore(${hex(WORK + 0x20)}, IC0_Y)
${n > MAX_UNROLLED ? renderTermLoop(n) : Array.from({ length: n }, (_, j) => renderTerm(j)).join('\n')}

            // Four pairs: (sum, -gamma), (A, B), (C, -delta), (alpha, -beta).
${storeG2(WORK + 0x40, 'GAMMA')}
${storeG2(WORK + 0x1c0, 'DELTA')}
            mstore(${hex(WORK + 0x240)}, ALPHA_X)
            mstore(${hex(WORK + 0x260)}, ALPHA_Y)
${storeG2(WORK + 0x280, 'BETA')}

            // From the right: the precompile's answer is read after its call.
            valid := and(and(mload(0x00), staticcall(${2 * (45000 + 4 * 34000)}, 8, ${hex(WORK)}, 0x300, 0x00, 0x20)), valid)
        }
    }

${renderBatch(n)}`;
}

/** Where `_verify` works: its only allocation is the call's first, at Solidity's first free byte. */
export const WORK = 0x80;

/** Where A, B and C lie there: behind the first pair, so that they are the second and half of the third. */
export const POINTS = WORK + 0xc0;

/** Where the signals lie: two words behind C, since every term's point is put before its scalar. */
export const SIGNALS = WORK + 0x200;

/** Size of that memory: four pairs, or the signals' end. */
export function workBytes(n: number): number {
  return Math.max(0x300, SIGNALS - WORK + 32 * n);
}

/** Assembly with which a function claims that memory; it must be the first to claim any. */
export function claimWork(n: number): string {
  return `\
            // Fixed addresses cost less than computed ones, and hold only while nothing else is allocated.
            if xor(mload(0x40), ${hex(WORK)}) { revert(0x00, 0x00) }
            mstore(0x40, ${hex(WORK + workBytes(n))})`;
}

/**
 * Gas that checking one proof takes at EIP-1108's prices, with the 64th that EIP-150 keeps back and some for the rest.
 */
export function gasNeeded(n: number): number {
  return Math.ceil(((45000 + 4 * 34000) * 64) / 63) + 6500 * n + 2000;
}

/**
 * Gas that checking a batch takes at EIP-1108's prices besides the words it copies, with the 64th that EIP-150 keeps
 * back: once, and for each proof a pair, two multiplications, an addition, the signals' sums and the loop.
 */
function batchGas(n: number): { readonly once: number; readonly each: number } {
  const kept = (gas: number): number => Math.ceil((gas * 64) / 63);
  return { once: kept(45000 + 3 * 34000) + 7500 * (n + 2), each: kept(34000) + 2 * 6000 + 150 + 300 + 800 + 220 * n };
}

/** Up to here a term of the sum costs less unrolled; above, code would outgrow EIP-170's limit. */
const MAX_UNROLLED = 32;

// Arguments are evaluated from the right: the product before the sum.
function addTerm(term: string, pointBytes: string): string {
  return `and(staticcall(gas(), 6, ${hex(WORK)}, 0x80, ${hex(WORK)}, ${pointBytes}), staticcall(gas(), 7, ${term}, 0x60, ${hex(WORK + 0x40)}, ${pointBytes}))`;
}

function renderTerm(j: number): string {
  const scalar = SIGNALS + 32 * j;
  const inRange = `lt(mload(${hex(scalar)}), R)`;
  return `\
            mstore(${hex(scalar - 0x40)}, IC${j + 1}_X)
            mstore(${hex(scalar - 0x20)}, IC${j + 1}_Y)
            valid := and(${addTerm(hex(scalar - 0x40), j === 0 ? '0x40' : 'returndatasize()')}, ${j === 0 ? inRange : `and(${inRange}, valid)`})`;
}

function renderTermLoop(n: number): string {
  return `\
            valid := 1
            let term := ${hex(SIGNALS - 0x40)}
            for { let ic := add(key, ${hex(32 * HEADER_WORDS + 64)}) } lt(ic, add(key, ${hex(32 * (HEADER_WORDS + 2 * n + 2))})) { ic := add(ic, 0x40) } {
                mcopy(term, ic, 0x40)
                valid := and(${addTerm('term', '0x40')}, and(lt(mload(add(term, 0x40)), R), valid))
                term := add(term, 0x20)
            }`;
}

/** Stores the negative of a point of G2 that is part of the key. */
export function storeG2(to: number, point: string): string {
  return `\
            mstore(${hex(to)}, ${point}_X1)
            mstore(${hex(to + 0x20)}, ${point}_X0)
            mstore(${hex(to + 0x40)}, sub(P, ${point}_Y1))
            mstore(${hex(to + 0x60)}, sub(P, ${point}_Y0))`;
}

function renderBatch(n: number): string {
  // Memory from `weights` on, as the source below says.
  const sum = at('weights', 32 * (n + 1));
  const point = at('weights', 32 * (n + 3));
  const scalar = at('weights', 32 * (n + 5));
  const pairs = at('weights', 32 * (n + 6));
  const addTerm = `and(staticcall(300, 6, ${sum}, 0x80, ${sum}, 0x40), staticcall(12000, 7, ${point}, 0x60, ${point}, 0x40))`;
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
            // weights: sum r_i, then sum r_i s_ij for each j. Behind them the sum of points (2 words) and a term (3 words),
            // then the pairs, and before these are made there the whole calldata of the proofs.
            let weights := mload(0x40)

            // A precompile that starves would look like an invalid proof. Three gas a word copied, six a word hashed, and the
            // memory up to its last word, as if none of it had been paid for.
            {
                let words := shr(5, mul(count, stride))
                let last := add(shr(5, weights), add(${n + 12}, mul(6, add(count, 3))))
                if lt(last, add(add(shr(5, weights), ${n + 12}), words)) { last := add(add(shr(5, weights), ${n + 12}), words) }
                let needed := add(${batchGas(n).once}, mul(count, ${batchGas(n).each}))
                needed := add(needed, add(mul(words, 9), add(mul(last, 3), shr(9, mul(last, last)))))
                if lt(gas(), needed) { revert(0x00, 0x00) }
            }

            calldatacopy(${pairs}, proofs, mul(count, stride))
            mstore(0x00, keccak256(${pairs}, mul(count, stride)))
            mstore(0x20, keccak256(signals, mul(count, ${hex(32 * n)})))
            mstore(0x00, keccak256(0x00, 0x40))

            // The first proof's coefficient is 1.
            mstore(weights, 1)
            calldatacopy(add(weights, 0x20), calldatasize(), ${hex(32 * n)})
            calldatacopy(${sum}, add(proofs, 0xc0), 0x40)
            // No precompile sees this ordinate before it is negated below.
            valid := lt(mload(add(${sum}, 0x20)), P)
            let r := 1
            let end := add(${pairs}, mul(count, 0xc0))
            let pair := ${pairs}
            for {} 1 {} {
${n > 8 ? renderBatchSignalLoop(n) : Array.from({ length: n }, (_, j) => renderBatchSignal(j)).join('\n')}
                signals := add(signals, ${hex(32 * n)})
                // The pair (r A, B).
                calldatacopy(pair, proofs, 0xc0)
                if xor(pair, ${pairs}) {
                    mstore(add(pair, 0x40), r)
                    valid := and(staticcall(12000, 7, pair, 0x60, pair, 0x40), valid)
                    calldatacopy(add(pair, 0x40), add(proofs, 0x40), 0x80)
                    // sum += r C
                    calldatacopy(${point}, add(proofs, 0xc0), 0x40)
                    mstore(${scalar}, r)
                    valid := and(${addTerm}, valid)
                }
                pair := add(pair, 0xc0)
                if iszero(and(valid, lt(pair, end))) { break }
                proofs := add(proofs, stride)
                mstore(0x20, pair)
                r := shr(128, keccak256(0x00, 0x40))
                mstore(weights, add(mload(weights), r))
            }

            if valid {
                // The right-hand side goes left: sum C and the scalars of the rest are negated.
                mcopy(pair, ${sum}, 0x40)
                mstore(add(pair, 0x20), mod(sub(P, mload(add(pair, 0x20))), P))
                mcopy(add(pair, 0x40), add(key, 0x140), 0x80)
                pair := add(pair, 0xc0)

                mcopy(pair, key, 0x40)
                mstore(add(pair, 0x40), sub(R, mload(weights)))
                valid := staticcall(12000, 7, pair, 0x60, pair, 0x40)
                mcopy(add(pair, 0x40), add(key, 0x40), 0x80)
                pair := add(pair, 0xc0)

                // The sum again, now of the IC points, from infinity on.
                calldatacopy(${sum}, calldatasize(), 0x40)
                let ic := add(key, ${hex(32 * HEADER_WORDS)})
                for { let weight := weights } lt(weight, ${sum}) { weight := add(weight, 0x20) } {
                    mcopy(${point}, ic, 0x40)
                    mstore(${scalar}, sub(R, mload(weight)))
                    valid := and(${addTerm}, valid)
                    ic := add(ic, 0x40)
                }
                mcopy(pair, ${sum}, 0x40)
                mcopy(add(pair, 0x40), add(key, 0xc0), 0x80)

                count := add(count, 3)
                mstore(0x00, 0)
                if valid {
                    valid := and(
                        mload(0x00),
                        staticcall(add(90000, mul(68000, count)), 8, ${pairs}, mul(count, 0xc0), 0x00, 0x20)
                    )
                }
            }
        }
    }
`;
}

function renderBatchSignal(j: number): string {
  const weight = at('weights', 32 * (j + 1));
  return `\
                {
                    let s := mload(${at('signals', 32 * j)})
                    valid := and(valid, lt(s, R))
                    mstore(${weight}, addmod(mload(${weight}), mulmod(s, r, R), R))
                }`;
}

function renderBatchSignalLoop(n: number): string {
  return `\
                for { let j := 0x20 } lt(j, ${hex(32 * (n + 1))}) { j := add(j, 0x20) } {
                    let s := mload(add(signals, sub(j, 0x20)))
                    valid := and(valid, lt(s, R))
                    let weight := add(weights, j)
                    mstore(weight, addmod(mload(weight), mulmod(s, r, R), R))
                }`;
}

function at(base: string, offset: number): string {
  return offset === 0 ? base : `add(${base}, ${hex(offset)})`;
}

function hex(value: number): string {
  const digits = value.toString(16);
  return `0x${digits.padStart(digits.length + (digits.length % 2), '0')}`;
}
