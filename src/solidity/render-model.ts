/**
 * The model-aware half of a generated verifier: what the public signals mean. Tensors are packed and unpacked as
 * `packingSchema` in manifest.ts says; `checkInference` and `checkInferences` are `IInferenceVerifier`'s.
 *
 * The trap: a signal's value decides nothing until it is known to be canonical. Words of packed tensors are checked
 * against the bits they use, commitments against the scalar field's order, before any proof is looked at.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { SignalLayoutError } from './errors.js';
import { PORT_ROLES, type Manifest, type PortRole, type TensorDescription, type Visibility } from '../manifest.js';
import { PUBLIC_INPUT_DOMAIN } from './calldata.js';
import { claimWork, POINTS, SIGNALS } from './render-groth16.js';

/** One port of the model as the circuit exposes it. */
interface Exposure {
  readonly visibility: Visibility;
  readonly tensors: readonly TensorDescription[];
  /** Number of public signals. */
  readonly words: number;
}

export interface ModelLayout {
  readonly outputs: Exposure;
  readonly inputs: Exposure;
  readonly signals: number;
}

/** Reads the manifest's signals and refuses an order other than outputs, inputs, context. */
export function modelLayout(manifest: Pick<Manifest, 'inputs' | 'outputs' | 'publicSignals'>): ModelLayout {
  const ports: Record<PortRole, Exposure> = {
    input: exposure(manifest, 'input', manifest.inputs),
    output: exposure(manifest, 'output', manifest.outputs),
  };
  const expected = [...PORT_ROLES.flatMap((role) => signalNames(ports[role], role)), 'context'];
  const actual = manifest.publicSignals.map((s) =>
    s.kind === 'output' || s.kind === 'input' ? `${s.kind} ${s.tensor ?? 0} word ${s.word ?? 0}` : s.kind,
  );
  if (expected.join() !== actual.join()) {
    throw new SignalLayoutError(
      `The manifest's public signals are [${actual.join(', ')}]; a verifier needs [${expected.join(', ')}]. Compile the model again.`,
    );
  }
  return { outputs: ports.output, inputs: ports.input, signals: expected.length };
}

function exposure(
  manifest: Pick<Manifest, 'publicSignals'>,
  role: PortRole,
  tensors: readonly TensorDescription[],
): Exposure {
  const kinds = manifest.publicSignals.map((s) => s.kind);
  if (kinds.includes(role)) {
    return { visibility: 'public', tensors, words: tensors.reduce((sum, t) => sum + t.packing.words, 0) };
  }
  const hashed = kinds.includes(`${role}Commitment`);
  return { visibility: hashed ? 'hashed' : 'private', tensors, words: hashed ? 1 : 0 };
}

function signalNames({ visibility, tensors }: Exposure, role: PortRole): string[] {
  if (visibility === 'private') return [];
  if (visibility === 'hashed') return [`${role}Commitment`];
  return tensors.flatMap((t, i) => Array.from({ length: t.packing.words }, (_, w) => `${role} ${i} word ${w}`));
}

/** Constants and functions of the model-aware layer. */
export function renderModel(layout: ModelLayout, keyTag: string): string {
  const { outputs, inputs, signals } = layout;
  const proofBytes = 4 + 32 * (8 + publicWords(inputs));
  return `\
${[...renderTensors(outputs, 'OUTPUT'), ...renderTensors(inputs, 'INPUT')].join('\n')}\
    /// First four bytes of the key's hash: a proof blob begins with them.
    bytes4 private constant KEY_TAG = ${keyTag};

    /// How \`checkInference\` judges.
    enum Verdict {
        Valid,
        InvalidProof,
        ModelMismatch,
        InputCommitmentMismatch,
        OutputMismatch
    }

${[...renderFormats(outputs, 'output'), ...renderFormats(inputs, 'input')].join('\n')}
${renderTyped(layout)}
    /// @notice Judges one inference in ERC-7992's encoding.
    /// @param inputCommitment ${commitmentMeaning(inputs)}
    /// @param context The value the proof is bound to.
    /// @param output ${outputMeaning(outputs)}
    /// @param proof KEY_TAG, the eight words of A, B and C${publicWords(inputs) > 0 ? `, ${publicWords(inputs)} words of packed input` : ''}: ${proofBytes} bytes.
    /// @return verdict What is wrong, or Valid.
    function checkInference(bytes32 inputCommitment, uint256 context, bytes calldata output, bytes calldata proof)
        external
        view
        returns (Verdict verdict)
    {
        if (proof.length != ${proofBytes}) return Verdict.InvalidProof;
        if (bytes4(proof) != KEY_TAG) return Verdict.ModelMismatch;
        if (output.length != ${32 * outputs.words}) return Verdict.OutputMismatch;
        uint256 signals = ${SIGNALS};
        assembly ("memory-safe") {
${claimWork(signals)}
            let words := add(proof.offset, 4)
            calldatacopy(${POINTS}, words, 256)
            calldatacopy(signals, output.offset, ${32 * outputs.words})
${fillInput(layout, 'signals', 'inputCommitment', 'add(words, 0x100)')}
            mstore(add(signals, ${32 * (signals - 1)}), context)
        }
        verdict = _checkSignals(signals, inputCommitment);
        if (verdict == Verdict.Valid && !_verify()) verdict = Verdict.InvalidProof;
    }

    /// @notice Judges up to 128 inferences together, at the price of \`verifyBatch\`.
    /// @param inputCommitments One for each inference.
    /// @param contexts One for each inference.
    /// @param outputs The outputs, one after another.
    /// @param proofs KEY_TAG, then for each inference the eight words of A, B and C${publicWords(inputs) > 0 ? ` and ${publicWords(inputs)} words of packed input` : ''}.
    /// @return verdict What is wrong with the first bad inference, or Valid. A bad proof shows in the whole batch only.
    function checkInferences(
        bytes32[] calldata inputCommitments,
        uint256[] calldata contexts,
        bytes calldata outputs,
        bytes calldata proofs
    ) external view returns (Verdict verdict) {
        uint256 count = inputCommitments.length;
        if (count == 0 || count > MAX_BATCH || contexts.length != count) return Verdict.InvalidProof;
        if (proofs.length != 4 + count * ${32 * (8 + publicWords(inputs))}) return Verdict.InvalidProof;
        if (bytes4(proofs) != KEY_TAG) return Verdict.ModelMismatch;
        if (outputs.length != count * ${32 * outputs.words}) return Verdict.OutputMismatch;
        uint256 words;
        uint256 all;
        assembly ("memory-safe") {
            words := add(proofs.offset, 4)
            all := mload(0x40)
            mstore(0x40, add(all, mul(count, ${32 * signals})))
        }
        uint256 signals = all;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 inputCommitment;
            assembly ("memory-safe") {
                inputCommitment := calldataload(add(inputCommitments.offset, shl(5, i)))
                calldatacopy(signals, add(outputs.offset, mul(i, ${32 * outputs.words})), ${32 * outputs.words})
${fillInput(layout, 'signals', 'inputCommitment', `add(add(words, mul(i, ${32 * (8 + publicWords(inputs))})), 0x100)`, '    ')}
                mstore(add(signals, ${32 * (signals - 1)}), calldataload(add(contexts.offset, shl(5, i))))
            }
            verdict = _checkSignals(signals, inputCommitment);
            if (verdict != Verdict.Valid) return verdict;
            signals += ${32 * signals};
        }
        if (!_verifyBatch(words, ${32 * (8 + publicWords(inputs))}, all, count)) verdict = Verdict.InvalidProof;
    }

${renderCheckSignals(layout)}`;
}

function publicWords({ visibility, words }: Exposure): number {
  return visibility === 'public' ? words : 0;
}

function commitmentMeaning({ visibility }: Exposure): string {
  if (visibility === 'hashed') return "The circuit's commitment to the input.";
  if (visibility === 'private') return 'Zero: this model keeps its input private.';
  return `keccak256("${PUBLIC_INPUT_DOMAIN}" ++ the words of packed input).`;
}

function outputMeaning({ visibility, words }: Exposure): string {
  if (visibility === 'hashed') return "The circuit's commitment to the output, 32 bytes.";
  if (visibility === 'private') return 'Empty: this model keeps its output private.';
  return `The packed output, ${words} words (see \`packOutput\`).`;
}

/** Assembly that puts the input's signals behind the output's. */
function fillInput(
  { inputs, outputs }: ModelLayout,
  to: string,
  commitment: string,
  from: string,
  indent = '',
): string {
  const target = `add(${to}, ${32 * outputs.words})`;
  const pad = `            ${indent}`;
  if (inputs.visibility === 'private') return `${pad}// No signal of the input.`;
  if (inputs.visibility === 'hashed') return `${pad}mstore(${target}, ${commitment})`;
  return `${pad}calldatacopy(${target}, ${from}, ${32 * inputs.words})`;
}

/** Bits that each public word of one port uses. */
function wordBits(tensors: readonly TensorDescription[]): number[] {
  return tensors.flatMap(({ shape, packing }) => {
    const elements = size(shape);
    return Array.from(
      { length: packing.words },
      (_, w) => packing.bits * Math.min(packing.perWord, elements - w * packing.perWord),
    );
  });
}

function renderCheckSignals({ outputs, inputs }: ModelLayout): string {
  const checks: string[] = [];
  const overflow = (bits: readonly number[], first: number): string[] =>
    runs(bits).map(({ from, to, bits: used }) =>
      to - from === 1
        ? `            overflow := or(overflow, shr(${used}, mload(add(signals, ${32 * (first + from)}))))`
        : `            for { let w := ${32 * (first + from)} } lt(w, ${32 * (first + to)}) { w := add(w, 32) } {
                overflow := or(overflow, shr(${used}, mload(add(signals, w))))
            }`,
    );
  const bounded = (lines: readonly string[], verdict: string, open: string): string => `\
        ${open}
        assembly ("memory-safe") {
            overflow := 0
${lines.join('\n')}
        }
        if (overflow != 0) return Verdict.${verdict};`;
  if (outputs.visibility === 'public') {
    checks.push(bounded(overflow(wordBits(outputs.tensors), 0), 'OutputMismatch', 'uint256 overflow;'));
  } else if (outputs.visibility === 'hashed') {
    checks.push(`\
        uint256 outputCommitment;
        assembly ("memory-safe") {
            outputCommitment := mload(signals)
        }
        if (outputCommitment >= R) return Verdict.OutputMismatch;`);
  }
  if (inputs.visibility === 'private') {
    checks.push('        if (inputCommitment != bytes32(0)) return Verdict.InputCommitmentMismatch;');
  } else if (inputs.visibility === 'hashed') {
    checks.push('        if (uint256(inputCommitment) >= R) return Verdict.InputCommitmentMismatch;');
  } else {
    const open = outputs.visibility === 'public' ? '// The input likewise.' : 'uint256 overflow;';
    checks.push(bounded(overflow(wordBits(inputs.tensors), outputs.words), 'InputCommitmentMismatch', open));
    const domain = utf8ToBytes(PUBLIC_INPUT_DOMAIN);
    checks.push(`\
        bytes32 hash;
        assembly ("memory-safe") {
            let copy := mload(0x40)
            mstore(copy, "${PUBLIC_INPUT_DOMAIN}")
            for { let w := 0 } lt(w, ${32 * inputs.words}) { w := add(w, 32) } {
                mstore(add(add(copy, ${domain.length}), w), mload(add(add(signals, ${32 * outputs.words}), w)))
            }
            hash := keccak256(copy, ${domain.length + 32 * inputs.words})
        }
        if (hash != inputCommitment) return Verdict.InputCommitmentMismatch;`);
  }
  return `\
    /// Whether the signals in memory at \`signals\` are canonical and belong to \`inputCommitment\`.
    function _checkSignals(uint256 signals, bytes32 inputCommitment) private pure returns (Verdict) {
${outputs.visibility === 'private' && inputs.visibility !== 'public' ? '        signals;\n' : ''}${checks.join('\n')}
        return Verdict.Valid;
    }
`;
}

/** Runs of equal values, so that long tensors are checked by loops. */
function runs(bits: readonly number[]): { from: number; to: number; bits: number }[] {
  const result: { from: number; to: number; bits: number }[] = [];
  bits.forEach((value, i) => {
    const last = result.at(-1);
    if (last !== undefined && last.bits === value) last.to = i + 1;
    else result.push({ from: i, to: i + 1, bits: value });
  });
  return result;
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, d) => product * d, 1);
}

/** Constants of one port's tensors. */
function renderTensors({ tensors }: Exposure, prefix: string): string[] {
  return tensors.map((tensor, i) => {
    const name = tensors.length === 1 ? prefix : `${prefix}${i}`;
    const { packing } = tensor;
    return `\
    // ${prefix === 'OUTPUT' ? 'Output' : 'Input'} \`${identifierText(tensor.name)}\`, shape [${tensor.shape.join(', ')}], elements in [${tensor.range[0]}, ${tensor.range[1]}].
    /// A real number is an element times this, in units of 1e-36.
    uint256 private constant ${name}_SCALE_E36 = ${scaleE36(tensor.scale)};
    /// Each element is stored minus this offset, in so many bits, so many to a word, lowest bits first.
    int256 private constant ${name}_OFFSET = ${packing.offset};
    uint256 private constant ${name}_BITS = ${packing.bits};
    uint256 private constant ${name}_PER_WORD = ${packing.perWord};
`;
  });
}

/** One function for each tensor that returns its constants. */
function renderFormats({ tensors }: Exposure, role: PortRole): string[] {
  return tensors.map((tensor, i) => {
    const suffix = tensors.length === 1 ? '' : `${i}`;
    const name = `${role.toUpperCase()}${suffix}`;
    return `\
    /// @notice How \`${identifierText(tensor.name)}\` stands for real numbers and lies in words.
    /// @return shape Its dimensions, outermost first.
    /// @return scaleE36 A real number is an element times this, in units of 1e-36.
    /// @return offset Each element is stored minus this offset ...
    /// @return bits ... in so many bits ...
    /// @return perWord ... and so many to a word, lowest bits first.
    function ${role}${suffix}Format()
        external
        pure
        returns (uint256[] memory shape, uint256 scaleE36, int256 offset, uint256 bits, uint256 perWord)
    {
        shape = new uint256[](${tensor.shape.length});
${tensor.shape.map((d, axis) => `        shape[${axis}] = ${d};\n`).join('')}\
        return (shape, ${name}_SCALE_E36, ${name}_OFFSET, ${name}_BITS, ${name}_PER_WORD);
    }
`;
  });
}

function identifierText(name: string): string {
  return name.replace(/[^\w ./:-]/g, '_');
}

/** A double in units of 1e-36, rounded; exact decimal arithmetic on the double's own binary value. */
function scaleE36(scale: number): bigint {
  let denominatorBits = 0n;
  let numerator = scale;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominatorBits += 1n;
  }
  const scaled = BigInt(numerator) * 10n ** 36n;
  return (scaled + ((1n << denominatorBits) >> 1n)) >> denominatorBits;
}

/** `verifyInference` over integers, and packing. */
function renderTyped({ outputs, inputs, signals }: ModelLayout): string {
  const parameters = [
    ...typedParameters(inputs, 'input', inputs.visibility === 'hashed' ? 'inputCommitment' : undefined),
    ...typedParameters(outputs, 'output', outputs.visibility === 'hashed' ? 'outputCommitment' : undefined),
  ];
  const fills = [...typedFills(outputs, 'output', 0), ...typedFills(inputs, 'input', outputs.words)];
  const packs = [
    ...(outputs.visibility === 'public' ? renderPacking(outputs, 'output', 'OUTPUT') : []),
    ...(inputs.visibility === 'public' ? renderPacking(inputs, 'input', 'INPUT') : []),
  ];
  return `\
    /// @notice Whether this model gave this output: the proof checked against values, not against packed signals.
${parameters.map((p) => `    /// @param ${p.name} ${p.meaning}`).join('\n')}${parameters.length > 0 ? '\n' : ''}\
    /// @param context The value the proof is bound to.
    /// @param proof A, B and C: the eight words of \`verifyProof\`'s a, b, c.
    /// @return valid Whether the proof is valid; false also for elements outside their range.
    function verifyInference(
${[...parameters.map((p) => `        ${p.type} ${p.name}`), '        uint256 context', '        uint256[8] calldata proof'].join(',\n')}
    ) external view returns (bool valid) {
        uint256 signals = ${SIGNALS};
        assembly ("memory-safe") {
${claimWork(signals)}
            calldatacopy(${POINTS}, proof, 256)
            mstore(add(signals, ${32 * (signals - 1)}), context)
        }
${fills.join('\n')}${fills.length > 0 ? '\n' : ''}\
        return _verify();
    }

${packs.join('\n')}`;
}

function typedParameters({ visibility, tensors }: Exposure, role: PortRole, commitment: string | undefined) {
  if (visibility === 'private') return [];
  if (commitment !== undefined)
    return [{ type: 'bytes32', name: commitment, meaning: `The circuit's commitment to the ${role}.` }];
  return tensors.map((t, i) => ({
    type: `int256[${size(t.shape)}] calldata`,
    name: tensors.length === 1 ? role : `${role}${i}`,
    meaning: `Elements of \`${identifierText(t.name)}\`, row by row.`,
  }));
}

function typedFills({ visibility, tensors }: Exposure, role: PortRole, firstWord: number): string[] {
  if (visibility === 'private') return [];
  if (visibility === 'hashed') {
    return [
      `\
        assembly ("memory-safe") {
            mstore(add(signals, ${32 * firstWord}), ${role}Commitment)
        }`,
    ];
  }
  let word = firstWord;
  return tensors.map((t, i) => {
    const name = tensors.length === 1 ? role : `${role}${i}`;
    const call = `        if (!_pack${capital(name)}(${name}, signals + ${32 * word})) return false;`;
    word += t.packing.words;
    return call;
  });
}

function renderPacking({ tensors }: Exposure, role: PortRole, prefix: string): string[] {
  return tensors.map((t, i) => {
    const suffix = tensors.length === 1 ? '' : `${i}`;
    const name = `${role}${suffix}`;
    const constant = `${prefix}${suffix}`;
    const elements = size(t.shape);
    const words = t.packing.words;
    const bytesBefore = 32 * tensors.slice(0, i).reduce((sum, other) => sum + other.packing.words, 0);
    const allBytes = 32 * tensors.reduce((sum, other) => sum + other.packing.words, 0);
    const unpack =
      role === 'input'
        ? ''
        : `
    /// @notice The elements of \`${identifierText(t.name)}\` in ERC-7992's \`output\` bytes.
    /// @param packed All of the output's words: ${allBytes} bytes; any other length reverts.
    /// @return elements Row by row.
    function unpack${capital(name)}(bytes calldata packed) external pure returns (int256[${elements}] memory elements) {
        if (packed.length != ${allBytes}) revert InvalidOutputLength(packed.length);
        for (uint256 e = 0; e < ${elements}; ++e) {
            uint256 word;
            assembly ("memory-safe") {
                word := calldataload(add(packed.offset, add(${bytesBefore}, shl(5, div(e, ${t.packing.perWord})))))
            }
            uint256 stored = (word >> ((e % ${constant}_PER_WORD) * ${constant}_BITS)) & ((1 << ${constant}_BITS) - 1);
            elements[e] = int256(stored) + ${constant}_OFFSET;
        }
    }
`;
    return `\
    /// @notice \`${identifierText(t.name)}\` as the circuit's public words.
    /// @param elements Row by row; one outside its range reverts.
    /// @return packed ${words} words.
    function pack${capital(name)}(int256[${elements}] calldata elements) external pure returns (bytes memory packed) {
        packed = new bytes(${32 * words});
        uint256 content;
        assembly ("memory-safe") {
            content := add(packed, 0x20)
        }
        if (!_pack${capital(name)}(elements, content)) revert ElementOutOfRange();
    }
${unpack}
    /// Packs to memory at \`to\`; false for an element outside its range.
    function _pack${capital(name)}(int256[${elements}] calldata elements, uint256 to) private pure returns (bool) {
        uint256 word;
        uint256 used;
        for (uint256 e = 0; e < ${elements}; ++e) {
            int256 element = elements[e];
            if (element < ${t.range[0]} || element > ${t.range[1]}) return false;
            word |= uint256(element - ${constant}_OFFSET) << used;
            used += ${constant}_BITS;
            if (used == ${constant}_PER_WORD * ${constant}_BITS || e + 1 == ${elements}) {
                assembly ("memory-safe") {
                    mstore(to, word)
                    to := add(to, 32)
                }
                word = 0;
                used = 0;
            }
        }
        return true;
    }
`;
  });
}

/** Errors that the packing functions of `layout` revert with. */
export function renderErrors({ outputs, inputs }: ModelLayout): string {
  const errors = [];
  if (outputs.visibility === 'public' || inputs.visibility === 'public') {
    errors.push("    /// @notice An element lies outside its tensor's range.\n    error ElementOutOfRange();");
  }
  if (outputs.visibility === 'public') {
    errors.push(
      "    /// @notice Output bytes of another length than the model's.\n    error InvalidOutputLength(uint256 length);",
    );
  }
  return errors.length > 0 ? `${errors.join('\n')}\n\n` : '';
}

function capital(name: string): string {
  return name[0].toUpperCase() + name.slice(1);
}
