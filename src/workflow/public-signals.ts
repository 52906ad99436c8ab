/**
 * What a proof makes public, worked out from the integer model and the build's visibility alone: which signals there
 * are, and their values for one inference. A prover compares both with what the circuit, the manifest and the key say
 * before anything leaves it.
 *
 * The trap: manifest, plan and key travel together, and whoever made the folder made their hashes, too. A plan that
 * puts a private input where the manifest says "output" has sound hashes.
 */
import {
  portOf,
  portsOf,
  signalsOfPorts,
  wordsOfPort,
  type Port,
  type PortTensor,
  type SignalMeaning,
  valuesOfPort,
  type ModelRun,
} from '../compile/ports.js';
import { BuildMismatchError } from './errors.js';
import { poseidonCommit } from '../gadgets/index.js';
import type { KeyShape } from '../groth16/types.js';
import type { Manifest, TensorDescription } from '../manifest.js';
import { PORT_ROLES, tensorsOfPort, type PortRole, type PortVisibility } from '../port-roles.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { boundModel } from '../integer/intervals.js';
import { keysRemedy } from './keys-remedy.js';

export { BuildMismatchError } from './errors.js';

/** One inference, as integers. */
export interface IntegerInference {
  readonly run: Required<ModelRun>;
  /** By port, where it is committed to. */
  readonly salts: Readonly<Partial<Record<PortRole, bigint>>>;
  readonly context: bigint;
}

/** The public signals of a model's inferences. */
export interface PublicSignals {
  readonly ports: readonly Port[];
  readonly meanings: readonly SignalMeaning[];
  /** Rows of a batch, and whether its outputs are sums over them. */
  readonly batch?: number;
  readonly summed?: true;
  /** Values, canonical, in order. */
  of(inference: IntegerInference): bigint[];
  /**
   * The values that one port has under its visibility, from its integers alone, and its salt where it is committed to.
   */
  ofPort(role: PortRole, integers: readonly Float64Array[], salt?: bigint): bigint[];
}

/** Works out the signals of a model under a visibility; bounds every tensor once. */
export function publicSignalsOf(model: IntegerModel, visibility: Partial<PortVisibility>): PublicSignals {
  const ports = portsOf(model, boundModel(model), visibility);
  const valuesOf = (port: Port, integers: readonly Float64Array[], salt?: bigint): bigint[] => {
    if (port.visibility === 'private') return [];
    const words = wordsOfPort(port, integers);
    return port.visibility === 'public' ? words : [poseidonCommit(words, salt as bigint, port.domain)];
  };
  return {
    ports,
    meanings: signalsOfPorts(ports),
    ...(model.batch === undefined ? {} : { batch: model.batch }),
    ...(model.summed ? { summed: true } : {}),
    of: ({ run, salts, context }) => [
      ...ports.flatMap((port) =>
        valuesOf(port, valuesOfPort(port.role, run) as readonly Float64Array[], salts[port.role]),
      ),
      context,
    ],
    ofPort: (role, integers, salt) => valuesOf(portOf(ports, role), integers, salt),
  };
}

/**
 * @throws BuildMismatchError where the manifest declares other signals, shapes, scales or packings than the model has:
 *   a contract and a
 * reader would take the numbers for something else
 */
export function requireManifestOfModel(
  folder: string,
  manifest: Manifest,
  { meanings: expected, ports, batch, summed }: PublicSignals,
): void {
  const same = (a: SignalMeaning, b: SignalMeaning | undefined): boolean =>
    b !== undefined && a.kind === b.kind && a.tensor === b.tensor && a.word === b.word;
  const isPortDescribed = ({ role, tensors }: Port): boolean => {
    const declared: readonly TensorDescription[] = tensorsOfPort(manifest, role);
    return declared.length === tensors.length && tensors.every((own, k) => isDescribed(declared[k], own));
  };
  if (manifest.batch !== batch || manifest.summed !== summed || !ports.every(isPortDescribed)) {
    throw new BuildMismatchError(
      `${folder}: the manifest describes other inputs or outputs than the model has; do not use this build, compile the model yourself`,
    );
  }
  if (
    manifest.publicSignals.length !== expected.length ||
    !expected.every((signal, i) => same(signal, manifest.publicSignals[i]))
  ) {
    throw new BuildMismatchError(
      `${folder}: the manifest declares other public signals than the model has with ` +
        `${PORT_ROLES.map((role) => `${manifest.visibility[role]} ${role}`).join(' and ')}; do not use this build, compile the model yourself`,
    );
  }
}

/**
 * A contract packs what lies in the declared range, bit beside bit: with a wider range other numbers would have the
 * same words.
 */
function isDescribed(declared: TensorDescription, own: PortTensor): boolean {
  const { name, shape, scale, range, packing } = declared;
  const same =
    name === own.name &&
    scale === own.scale &&
    String(range) === String(own.range) &&
    String(shape) === String(own.shape) &&
    String(declared.elementScale) === String(own.elements?.scale) &&
    String(declared.elementOffset) === String(own.elements?.low);
  const { bits, perWord, words } = own.packing;
  return (
    same &&
    packing.bits === bits &&
    packing.perWord === perWord &&
    packing.words === words &&
    packing.offset === own.range[0]
  );
}

/** @throws BuildMismatchError where a key is for another circuit than the build's */
export function requireKeyShape(folder: string, manifest: Manifest, key: KeyShape, circuit: KeyShape): void {
  const parts: readonly [string, number, number][] = [
    ['public signals', key.publicSignals, circuit.publicSignals],
    ['wires', key.wires, circuit.wires],
    ['rows', key.domainSize, circuit.domainSize],
  ];
  const wrong = parts.find(([, given, wanted]) => given !== wanted);
  if (wrong) {
    throw new BuildMismatchError(
      `${folder}: the proving key is for a circuit with ${wrong[1]} ${wrong[0]}, the build's has ${wrong[2]}; a proof under it would show or say something else. ` +
        `If you trust the folder's circuit, ${keysRemedy(folder, manifest)}`,
    );
  }
}
