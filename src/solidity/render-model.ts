/**
 * The model-aware half of a generated verifier: what the public signals mean. Tensors are packed and unpacked as
 * `packingSchema` in manifest.ts says; `checkInference` and `checkInferences` are `IInferenceVerifier`'s.
 *
 * The trap: a signal's value decides nothing until it is known to be canonical. Words of packed tensors are checked
 * against the bits they use, commitments against the scalar field's order, before any proof is looked at.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { SignalLayoutError } from './errors.js';
import type { Manifest, TensorDescription } from '../manifest.js';
import { PORT_ROLES, tensorsOfPort, type PortField, type PortRole, type Visibility } from '../port-roles.js';
import { PUBLIC_INPUT_DOMAIN } from './calldata.js';
import { CONTRACT_PORTS, isCommittedByArgument } from './contract-ports.js';
import { claimWork, POINTS, SIGNALS } from './render-groth16.js';

/** One port of the model as the circuit exposes it. */
interface Exposure {
  readonly role: PortRole;
  readonly visibility: Visibility;
  readonly tensors: readonly TensorDescription[];
  /** Number of public signals, and the position of the first of them among all. */
  readonly words: number;
  readonly first: number;
}

export interface ModelLayout {
  /** In the order of their signals. */
  readonly ports: readonly Exposure[];
  readonly signals: number;
  /** Rows that the output has, of a batch. */
  readonly batch?: number;
}

/** Reads the manifest's signals and refuses an order other than that of the ports, then the context. */
export function modelLayout(manifest: Pick<Manifest, PortField | 'publicSignals' | 'batch' | 'summed'>): ModelLayout {
  const ports: Exposure[] = [];
  for (const role of PORT_ROLES) {
    const first = ports.reduce((sum, { words }) => sum + words, 0);
    ports.push({ ...exposure(manifest, role, tensorsOfPort(manifest, role)), first });
  }
  const expected = [...ports.flatMap(signalNames), 'context'];
  const isOfWords = (kind: string): boolean => PORT_ROLES.some((role) => role === kind);
  const actual = manifest.publicSignals.map((s) =>
    isOfWords(s.kind) ? `${s.kind} ${s.tensor ?? 0} word ${s.word ?? 0}` : s.kind,
  );
  if (expected.join() !== actual.join()) {
    throw new SignalLayoutError(
      `The manifest's public signals are [${actual.join(', ')}]; a verifier needs [${expected.join(', ')}]. Compile the model again.`,
    );
  }
  return {
    ports,
    signals: expected.length,
    ...(manifest.batch === undefined || manifest.summed ? {} : { batch: manifest.batch }),
  };
}

function exposure(
  manifest: Pick<Manifest, 'publicSignals'>,
  role: PortRole,
  tensors: readonly TensorDescription[],
): Omit<Exposure, 'first'> {
  const kinds = manifest.publicSignals.map((s) => s.kind);
  if (kinds.includes(role)) {
    return { role, visibility: 'public', tensors, words: tensors.reduce((sum, t) => sum + t.packing.words, 0) };
  }
  const hashed = kinds.includes(`${role}Commitment`);
  return { role, visibility: hashed ? 'hashed' : 'private', tensors, words: hashed ? 1 : 0 };
}

/** The argument of `checkInference` that has the port's signals; a private port has none, and so takes none. */
function carrier({ role, visibility }: Exposure): string | undefined {
  const { words, commitment } = CONTRACT_PORTS[role];
  return { public: words, hashed: commitment, private: undefined }[visibility];
}

/** The ports whose signals are in an argument, and how many these are. */
function carriedBy({ ports }: ModelLayout, argument: string): { readonly ports: Exposure[]; readonly words: number } {
  const carried = ports.filter((port) => carrier(port) === argument);
  return { ports: carried, words: carried.reduce((sum, { words }) => sum + words, 0) };
}

function signalNames({ role, visibility, tensors }: Exposure): string[] {
  if (visibility === 'private') return [];
  if (visibility === 'hashed') return [`${role}Commitment`];
  return tensors.flatMap((t, i) => Array.from({ length: t.packing.words }, (_, w) => `${role} ${i} word ${w}`));
}

/** Constants and functions of the model-aware layer. */
export function renderModel(layout: ModelLayout, keyTag: string): string {
  const { ports, signals } = layout;
  const outputWords = carriedBy(layout, 'output').words;
  const inProof = carriedBy(layout, 'proof');
  const proofWords = 8 + inProof.words;
  const proofBytes = 4 + 32 * proofWords;
  const behind = inProof.ports.map(({ role, visibility, words }) =>
    visibility === 'hashed' ? `the commitment to the ${role}` : `${words} words of packed ${role}`,
  );
  return `\
${ports.flatMap(renderTensors).join('\n')}\
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

${ports.flatMap(renderFormats).join('\n')}
${renderTyped(layout)}
    /// @notice Judges one inference in ERC-7992's encoding.
    /// @param inputCommitment ${ports
      .filter(({ role }) => isCommittedByArgument(role))
      .map(commitmentMeaning)
      .join(' ')}
    /// @param context The value the proof is bound to.
    /// @param output ${ports
      .filter(({ role }) => CONTRACT_PORTS[role].words === 'output')
      .map(wordsMeaning)
      .join(' ')}
    /// @param proof KEY_TAG, the eight words of A, B and C${behind.map((part) => `, ${part}`).join('')}: ${proofBytes} bytes.
    /// @return verdict What is wrong, or Valid.
    function checkInference(bytes32 inputCommitment, uint256 context, bytes calldata output, bytes calldata proof)
        external
        view
        returns (Verdict verdict)
    {
        if (proof.length != ${proofBytes}) return Verdict.InvalidProof;
        if (bytes4(proof) != KEY_TAG) return Verdict.ModelMismatch;
        if (output.length != ${32 * outputWords}) return Verdict.OutputMismatch;
        uint256 signals = ${SIGNALS};
        assembly ("memory-safe") {
${claimWork(signals)}
            let words := add(proof.offset, 4)
            calldatacopy(${POINTS}, words, 256)
${fillSignals(layout, 'output.offset', 'words')}
            mstore(add(signals, ${32 * (signals - 1)}), context)
        }
        verdict = _checkSignals(signals, inputCommitment);
        if (verdict == Verdict.Valid && !_verify()) verdict = Verdict.InvalidProof;
    }

    /// @notice Judges up to 128 inferences together, at the price of \`verifyBatch\`.
    /// @param inputCommitments One for each inference.
    /// @param contexts One for each inference.
    /// @param outputs The outputs, one after another.
    /// @param proofs KEY_TAG, then for each inference the eight words of A, B and C${behind.map((part) => ` and ${part}`).join('')}.
    /// @return verdict What is wrong with the first bad inference, or Valid. A bad proof shows in the whole batch only.
    function checkInferences(
        bytes32[] calldata inputCommitments,
        uint256[] calldata contexts,
        bytes calldata outputs,
        bytes calldata proofs
    ) external view returns (Verdict verdict) {
        uint256 count = inputCommitments.length;
        if (count == 0 || count > MAX_BATCH || contexts.length != count) return Verdict.InvalidProof;
        if (proofs.length != 4 + count * ${32 * proofWords}) return Verdict.InvalidProof;
        if (bytes4(proofs) != KEY_TAG) return Verdict.ModelMismatch;
        if (outputs.length != count * ${32 * outputWords}) return Verdict.OutputMismatch;
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
${fillSignals(layout, `add(outputs.offset, mul(i, ${32 * outputWords}))`, `add(words, mul(i, ${32 * proofWords}))`, '    ')}
                mstore(add(signals, ${32 * (signals - 1)}), calldataload(add(contexts.offset, shl(5, i))))
            }
            verdict = _checkSignals(signals, inputCommitment);
            if (verdict != Verdict.Valid) return verdict;
            signals += ${32 * signals};
        }
        if (!_verifyBatch(words, ${32 * proofWords}, all, count)) verdict = Verdict.InvalidProof;
    }

${renderCheckSignals(layout)}`;
}

function commitmentMeaning({ role, visibility }: Exposure): string {
  if (visibility === 'hashed') return `The circuit's commitment to the ${role}.`;
  if (visibility === 'private') return `Zero: this model keeps its ${role} private.`;
  return `keccak256("${PUBLIC_INPUT_DOMAIN}" ++ the words of packed input).`;
}

function wordsMeaning({ role, visibility, words }: Exposure): string {
  if (visibility === 'hashed') return `The circuit's commitment to the ${role}, 32 bytes.`;
  if (visibility === 'private') return `Empty: this model keeps its ${role} private.`;
  return `The packed ${role}, ${words} words (see \`pack${capital(role)}\`).`;
}

/** Assembly that puts every port's signals in their places, from the argument that carries them. */
function fillSignals(layout: ModelLayout, output: string, proof: string, indent = ''): string {
  const pad = `            ${indent}`;
  let [outputWord, proofWord] = [0, 8];
  return layout.ports
    .map((port) => {
      const { role, words, first } = port;
      const target = `add(signals, ${32 * first})`;
      const from = carrier(port) ?? CONTRACT_PORTS[role].words;
      if (from === 'output') {
        const source = outputWord === 0 ? output : `add(${output}, ${32 * outputWord})`;
        outputWord += words;
        return `${pad}calldatacopy(${first === 0 ? 'signals' : target}, ${source}, ${32 * words})`;
      }
      if (port.visibility === 'private') return `${pad}// No signal of the ${role}.`;
      if (from === 'inputCommitment') return `${pad}mstore(${target}, inputCommitment)`;
      const source = `add(${proof}, 0x${(32 * proofWord).toString(16)})`;
      proofWord += words;
      return `${pad}calldatacopy(${target}, ${source}, ${32 * words})`;
    })
    .join('\n');
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

function renderCheckSignals({ ports }: ModelLayout): string {
  const checks: string[] = [];
  const overflow = (bits: readonly number[], first: number): string[] =>
    runs(bits).map(({ from, to, bits: used }) =>
      to - from === 1
        ? `            overflow := or(overflow, shr(${used}, mload(add(signals, ${32 * (first + from)}))))`
        : `            for { let w := ${32 * (first + from)} } lt(w, ${32 * (first + to)}) { w := add(w, 32) } {
                overflow := or(overflow, shr(${used}, mload(add(signals, w))))
            }`,
    );
  let declared = false;
  for (const { role, visibility, tensors, words, first } of ports) {
    const { mismatch } = CONTRACT_PORTS[role];
    const byArgument = isCommittedByArgument(role);
    if (visibility === 'public') {
      checks.push(`\
        ${declared ? `// The ${role} likewise.` : 'uint256 overflow;'}
        assembly ("memory-safe") {
            overflow := 0
${overflow(wordBits(tensors), first).join('\n')}
        }
        if (overflow != 0) return Verdict.${mismatch};`);
      declared = true;
      if (byArgument) checks.push(hashCheck(words, first, mismatch));
    } else if (byArgument) {
      checks.push(
        visibility === 'private'
          ? `        if (inputCommitment != bytes32(0)) return Verdict.${mismatch};`
          : `        if (uint256(inputCommitment) >= R) return Verdict.${mismatch};`,
      );
    } else if (visibility === 'hashed') {
      checks.push(`\
        uint256 ${role}Commitment;
        assembly ("memory-safe") {
            ${role}Commitment := mload(${first === 0 ? 'signals' : `add(signals, ${32 * first})`})
        }
        if (${role}Commitment >= R) return Verdict.${mismatch};`);
    }
  }
  const reads = ports.some(
    ({ role, visibility }) => visibility === 'public' || (visibility === 'hashed' && !isCommittedByArgument(role)),
  );
  return `\
    /// Whether the signals in memory at \`signals\` are canonical and belong to \`inputCommitment\`.
    function _checkSignals(uint256 signals, bytes32 inputCommitment) private pure returns (Verdict) {
${reads ? '' : '        signals;\n'}${checks.join('\n')}
        return Verdict.Valid;
    }
`;
}

/** Solidity that compares the hash of a public port's words with `inputCommitment`. */
function hashCheck(words: number, first: number, mismatch: string): string {
  const domain = utf8ToBytes(PUBLIC_INPUT_DOMAIN);
  return `\
        bytes32 hash;
        assembly ("memory-safe") {
            let copy := mload(0x40)
            mstore(copy, "${PUBLIC_INPUT_DOMAIN}")
            for { let w := 0 } lt(w, ${32 * words}) { w := add(w, 32) } {
                mstore(add(add(copy, ${domain.length}), w), mload(add(add(signals, ${32 * first}), w)))
            }
            hash := keccak256(copy, ${domain.length + 32 * words})
        }
        if (hash != inputCommitment) return Verdict.${mismatch};`;
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
function renderTensors({ role, tensors }: Exposure): string[] {
  const prefix = role.toUpperCase();
  return tensors.map((tensor, i) => {
    const name = tensors.length === 1 ? prefix : `${prefix}${i}`;
    const { packing } = tensor;
    return `\
    // ${capital(role)} \`${identifierText(tensor.name)}\`, shape [${tensor.shape.join(', ')}], elements in [${tensor.range[0]}, ${tensor.range[1]}].
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
function renderFormats({ role, tensors }: Exposure): string[] {
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
function renderTyped({ ports, signals, batch }: ModelLayout): string {
  // Arguments in the order of computation: the output comes last.
  const parameters = [...ports].reverse().flatMap(typedParameters);
  const fills = ports.flatMap(typedFills);
  const packs = ports.filter(({ visibility }) => visibility === 'public').flatMap((port) => renderPacking(port, batch));
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

function typedParameters({ role, visibility, tensors }: Exposure) {
  if (visibility === 'private') return [];
  if (visibility === 'hashed')
    return [{ type: 'bytes32', name: `${role}Commitment`, meaning: `The circuit's commitment to the ${role}.` }];
  return tensors.map((t, i) => ({
    type: `int256[${size(t.shape)}] calldata`,
    name: tensors.length === 1 ? role : `${role}${i}`,
    meaning: `Elements of \`${identifierText(t.name)}\`, row by row.`,
  }));
}

function typedFills({ role, visibility, tensors, first }: Exposure): string[] {
  if (visibility === 'private') return [];
  if (visibility === 'hashed') {
    return [
      `\
        assembly ("memory-safe") {
            mstore(add(signals, ${32 * first}), ${role}Commitment)
        }`,
    ];
  }
  let word = first;
  return tensors.map((t, i) => {
    const name = tensors.length === 1 ? role : `${role}${i}`;
    const call = `        if (!_pack${capital(name)}(${name}, signals + ${32 * word})) return false;`;
    word += t.packing.words;
    return call;
  });
}

function renderPacking({ role, tensors }: Exposure, batch: number | undefined): string[] {
  const prefix = role.toUpperCase();
  return tensors.map((t, i) => {
    const suffix = tensors.length === 1 ? '' : `${i}`;
    const name = `${role}${suffix}`;
    const constant = `${prefix}${suffix}`;
    const elements = size(t.shape);
    const words = t.packing.words;
    const bytesBefore = 32 * tensors.slice(0, i).reduce((sum, other) => sum + other.packing.words, 0);
    const allBytes = 32 * tensors.reduce((sum, other) => sum + other.packing.words, 0);
    const unpack =
      CONTRACT_PORTS[role].words !== 'output'
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
    const rows =
      batch === undefined || CONTRACT_PORTS[role].words !== 'output'
        ? ''
        : renderRow({ tensor: t, name, constant, batch, bytesBefore, allBytes });
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
${unpack}${rows}
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

/** The elements of one row of a batch's output, and the largest of them where they are scores. */
function renderRow({
  tensor: { name: called, shape, packing },
  name,
  constant,
  batch,
  bytesBefore,
  allBytes,
}: {
  readonly tensor: TensorDescription;
  readonly name: string;
  readonly constant: string;
  readonly batch: number;
  readonly bytesBefore: number;
  readonly allBytes: number;
}): string {
  const inRow = size(shape) / batch;
  const element = (e: string): string => `\
            uint256 e = ${e};
            uint256 word;
            assembly ("memory-safe") {
                word := calldataload(add(packed.offset, add(${bytesBefore}, shl(5, div(e, ${packing.perWord})))))
            }
            uint256 stored = (word >> ((e % ${constant}_PER_WORD) * ${constant}_BITS)) & ((1 << ${constant}_BITS) - 1);`;
  const checks = `\
        if (packed.length != ${allBytes}) revert InvalidOutputLength(packed.length);
        if (row >= ${batch}) revert NoSuchRow(row);`;
  const largest =
    inRow < 2
      ? ''
      : `
    /// @notice Position of the largest element of \`${identifierText(called)}\` in one row: its class, if they are scores.
    /// @param packed All of the output's words: ${allBytes} bytes; any other length reverts.
    /// @param row From 0 to ${batch - 1}; any other reverts.
    /// @return position From 0 to ${inRow - 1}, the first of equals.
    function largestIn${capital(name)}Row(bytes calldata packed, uint256 row) external pure returns (uint256 position) {
${checks}
        uint256 most;
        for (uint256 i = 0; i < ${inRow}; ++i) {
${element(`row * ${inRow} + i`)}
            if (i == 0 || stored > most) {
                most = stored;
                position = i;
            }
        }
    }
`;
  return `
    /// @notice The elements of \`${identifierText(called)}\` in one row of the batch.
    /// @param packed All of the output's words: ${allBytes} bytes; any other length reverts.
    /// @param row From 0 to ${batch - 1}; any other reverts.
    /// @return elements As the model gives them for that row.
    function unpack${capital(name)}Row(bytes calldata packed, uint256 row)
        external
        pure
        returns (int256[${inRow}] memory elements)
    {
${checks}
        for (uint256 i = 0; i < ${inRow}; ++i) {
${element(`row * ${inRow} + i`)}
            elements[i] = int256(stored) + ${constant}_OFFSET;
        }
    }
${largest}`;
}

/** Errors that the packing functions of `layout` revert with. */
export function renderErrors({ ports, batch }: ModelLayout): string {
  const errors = [];
  const open = ports.filter(({ visibility }) => visibility === 'public');
  if (open.length > 0) {
    errors.push("    /// @notice An element lies outside its tensor's range.\n    error ElementOutOfRange();");
  }
  if (open.some(({ role }) => CONTRACT_PORTS[role].words === 'output')) {
    errors.push(
      "    /// @notice Output bytes of another length than the model's.\n    error InvalidOutputLength(uint256 length);",
    );
    if (batch !== undefined)
      errors.push(`    /// @notice A row that a batch of ${batch} does not have.\n    error NoSuchRow(uint256 row);`);
  }
  return errors.length > 0 ? `${errors.join('\n')}\n\n` : '';
}

function capital(name: string): string {
  return name[0].toUpperCase() + name.slice(1);
}
