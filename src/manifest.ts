/**
 * `manifest.json`: what a build folder says about itself. Written by `compile`, completed by `setup`; read by
 * everything after. Hashes are SHA-256 in hex with 0x unless said otherwise; integers stand for reals by real = scale *
 * integer.
 */
import { z } from 'zod';
import { PROVED_TO } from './onnx/model.js';
import { perPort, PORT_ROLES, VISIBILITIES, type PortRole } from './port-roles.js';

export { type PortRole, type PortVisibility, type Visibility } from './port-roles.js';

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/);
const shape = z.array(z.number().int().nonnegative());

/** Parts of a model that are constants of its circuit, and so no ports. */
export const FIXED_PARTS = { parameters: 'fixed' } as const;
const fixed = { parameters: z.literal(FIXED_PARTS.parameters) };

/** What a public signal is of. */
export type SignalKind = PortRole | `${PortRole}Commitment` | 'context';
const SIGNAL_KINDS = [
  ...PORT_ROLES.flatMap((role) => [role, `${role}Commitment`] as const),
  'context',
] as const satisfies readonly SignalKind[];

/**
 * How a tensor of small integers lies in field elements. Element e is stored as u = y - offset, `bits` bits, in word
 * floor(e / perWord) at bit (e mod perWord) * bits, counted from the least significant.
 */
const packingSchema = z.object({
  offset: z.number().int(),
  bits: z.number().int().positive().max(253),
  perWord: z.number().int().positive(),
  words: z.number().int().nonnegative(),
});
export type Packing = z.infer<typeof packingSchema>;

const tensorSchema = z.object({
  name: z.string(),
  shape,
  /** real = scale * integer */
  scale: z.number().positive(),
  /** Declared integer range, ends included. */
  range: z.tuple([z.number().int(), z.number().int()]),
  packing: packingSchema,
  /** Of a tensor whose elements have scales and offsets of their own (tabular data); `scale` is then the smallest. */
  elementScale: z.array(z.number().positive()).optional(),
  elementOffset: z.array(z.number().int()).optional(),
});
export type TensorDescription = z.infer<typeof tensorSchema>;

/** Null where the float network overflows: JSON has no infinity. */
const error = z.number().nullable();

const accuracySchema = z.object({
  reference: z.enum(['onnxruntime', 'own']),
  heldOut: z.enum(['given', 'split']).optional(),
  sets: z.array(
    z.object({
      rows: z.enum(['calibration', 'heldOut', 'drawn']),
      samples: z.number().int(),
      outputs: z.array(
        z.object({
          name: z.string(),
          maximumError: error,
          meanError: error,
          range: z.number(),
          relativeError: error,
          classAgreement: z.number().optional(),
        }),
      ),
    }),
  ),
  warnings: z.array(z.string()),
});

/** The proof systems that a build can name; `proof-systems/` has a row for each. */
export const PROOF_SYSTEM_NAMES = ['groth16'] as const;
export type ProofSystemName = (typeof PROOF_SYSTEM_NAMES)[number];

export const manifestSchema = z.object({
  format: z.literal('zkinfer-build'),
  version: z.literal(1),
  name: z.string(),
  toolVersion: z.string(),
  /** SHA-256 of the ONNX file. */
  modelHash: bytes32,
  /**
   * SHA-256 of the ONNX file's path as seen from the build folder. It tells a new state of the same file from another
   * file, whose build is not replaced unasked. Absent where the file's path was not known.
   */
  origin: bytes32.optional(),
  /** SHA-256 of circuit.r1cs. */
  circuitHash: bytes32,
  activationBits: z.number().int(),
  /**
   * Rows that one proof is of, each run through the model by itself; the first dimension of every tensor is then that of
   * the rows. Absent: a proof is of one inference.
   */
  batch: z.number().int().positive().optional(),
  /** Of a batch: outputs are sums over its rows, in the shape of one row's. */
  summed: z.literal(true).optional(),
  visibility: z.object({ ...perPort(() => z.enum(VISIBILITIES)), ...fixed }),
  inputs: z.array(tensorSchema),
  /**
   * `scores`: the largest element names a class; `labels` are the classes' names, in order. Without scores each element
   * is a position among the labels.
   */
  outputs: z.array(
    tensorSchema.extend({
      omitted: z.enum(['Softmax', 'LogSoftmax', 'Sigmoid']).optional(),
      scores: z.boolean(),
      labels: z.array(z.string()).optional(),
    }),
  ),
  /**
   * Meaning of each public signal, in order: for each port, in the order of `PORT_ROLES`, its packed words (or the
   * commitment to it; none if private); then the context.
   */
  publicSignals: z.array(
    z.object({
      kind: z.enum(SIGNAL_KINDS),
      /** Of a packed word: which tensor of the port, which word of it. */
      tensor: z.number().int().optional(),
      word: z.number().int().optional(),
    }),
  ),
  circuit: z.object({
    constraints: z.number().int(),
    wires: z.number().int(),
    nonZeros: z.number().int(),
    publicSignals: z.number().int(),
    domainSize: z.number().int(),
  }),
  /** What its keys and proofs are of. Absent: Groth16. */
  proofSystem: z.enum(PROOF_SYSTEM_NAMES).optional(),
  notes: z.array(z.string()),
  /** What `compile` was given, so that anyone can compile again: see `audit`. */
  options: z
    .object({
      activationBits: z.number().int(),
      /** Tensors have more bits or fewer, by what their errors do to the outputs. */
      spreadBits: z.boolean().optional(),
      /** Absent: chosen by what the network needs. */
      inputBits: z.number().int().optional(),
      inputRange: z.tuple([z.number(), z.number()]).optional(),
      /** Of inputs whose dimensions the file leaves open. */
      shapes: z.array(z.object({ name: z.string(), shape: z.array(z.number().int()) })).optional(),
      /** The outputs chosen of the file's; absent: all. */
      outputs: z.array(z.string()).optional(),
      /** Absent: to the scores before a softmax, and to the results of a sigmoid. */
      provedTo: z.enum(PROVED_TO).optional(),
      /** The outputs of which the class alone is proved. */
      classOnly: z.array(z.string()).optional(),
      /** The output whose classes are tallied. */
      tally: z.string().optional(),
      /** Inputs that are constants of the circuit, with their elements. */
      fixed: z.array(z.object({ name: z.string(), values: z.array(z.number()) })).optional(),
      /** Hash of the calibration rows as numbers (`samplesHash`), and how many there are. */
      calibrationHash: bytes32.optional(),
      calibrationRows: z.number().int().optional(),
    })
    .optional(),
  /**
   * How far the integer model strayed from the float network when it was compiled, each output by its own range. Absent
   * in builds of earlier versions. It is a claim of whoever compiled, on rows of their choice: measure again to rely on
   * it.
   */
  accuracy: accuracySchema.optional(),
  /**
   * Present once keys exist. `development`: made on one machine; whoever made them could forge proofs. `ptau`: by a
   * ceremony.
   */
  keys: z
    .object({
      kind: z.enum(['development', 'ptau']),
      backend: z.enum(['native', 'wasm', 'snarkjs']),
      /** SHA-256 of the powers-of-tau file. */
      ptauHash: bytes32.optional(),
      /** The file holds powers for domains up to 2^ptauPower. */
      ptauPower: z.number().int().optional(),
      /** snarkjs's circuit hash, which names circuit and powers of tau: Blake2b-512 in hex. */
      ceremonyCircuitHash: z.string().optional(),
      /** Who contributed, in order, by the hashes that they published. */
      contributions: z
        .array(
          z.object({
            kind: z.enum(['contribution', 'beacon']),
            hash: z.string(),
            name: z.string().optional(),
            /** A beacon's value in hex, hashed 2^iterationsExp times. */
            beacon: z.string().optional(),
            iterationsExp: z.number().int().optional(),
          }),
        )
        .optional(),
      /**
       * What was checked when the key was imported: the key against circuit and powers of tau; the powers by every
       * point, or by the file's hash against a given one. It is a claim of whoever imported the key; `audit` checks it
       * again.
       */
      checked: z.object({ key: z.literal('circuit and powers of tau'), powers: z.enum(['points', 'hash']) }).optional(),
    })
    .optional(),
  /** Present while a key from powers of tau waits for contributions. */
  unfinishedKey: z.object({ backend: z.enum(['native', 'wasm', 'snarkjs']), ptauHash: bytes32 }).optional(),
  /** SHA-256 of every other file of the build, by name. */
  files: z.record(z.string(), bytes32),
});
export type Manifest = z.infer<typeof manifestSchema>;
