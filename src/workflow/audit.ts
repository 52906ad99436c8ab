/**
 * `audit`: how a third party comes to trust a build, or a registered model. Everything that can be made again is made
 * again, from the ONNX file and the options that the manifest records, and compared bit for bit; every line says what
 * was established, what was not, and what nobody can establish.
 *
 * The trap: hashes that travel with the files prove nothing but that the copy is whole.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  connect,
  readDeployment,
  readModel,
  type Rpc,
  RpcResponseError,
  RpcUnreachableError,
  unknownCode,
} from '../chain/index.js';
import { childEnvironment } from '../child-environment.js';
import { compileModel } from '../compile/compile.js';
import { gadgetsOf, type Netlist } from '../compile/netlist.js';
import { encodeWitnessPlan } from '../compile/witness-plan-file.js';
import { ZkinferError } from '../errors.js';
import { AuditMismatchError } from './errors.js';
import { chooseBackend } from '../groth16/backends.js';
import type { Manifest } from '../manifest.js';
import { visibilityOptions } from '../port-roles.js';
import { chooseFrom, decodeModel, graphInputs } from '../onnx/index.js';
import { proofSystemOf } from '../proof-systems/index.js';
import type { IntegerModel } from '../integer/integer-model.js';
import { storeIntegerModel } from '../integer/serialize.js';
import { r1csBytes, r1csChunks } from '../r1cs/r1cs-file.js';
import { symLines } from '../r1cs/sym-file.js';
import { compileCached, contractName, renderVerifier, vkHash } from '../solidity/index.js';
import { VERSION } from '../version.js';
import { auditGadgets } from './audit-gadgets.js';
import { checkBuildFile, hashFile, readBuildFile, readManifest } from './build-folder.js';
import { circuitOf, R1CS, readIntegerModel } from './circuit-file.js';
import { compileOnnx, samplesHash } from './compile.js';
import { sha256, sha256Of } from './hash.js';
import { parseSamples, type Sample } from './input-json.js';
import { publicSignalsOf, requireKeyShape, requireManifestOfModel } from './public-signals.js';
import { requireRecordedCeremony } from './recorded-ceremony.js';
import { wireNames } from './sym.js';
import { readVerificationKey } from './verify.js';

/**
 * `established`: seen here. `failed`: seen to be otherwise. `open`: not looked at, for want of something. `never`:
 * nobody can establish it.
 */
export type FindingVerdict = 'established' | 'failed' | 'open' | 'never';

export interface Finding {
  readonly subject: string;
  readonly verdict: FindingVerdict;
  readonly detail: string;
}

export interface AuditOptions {
  /** The ONNX file's bytes. */
  readonly onnx?: Uint8Array;
  /** Text of the calibration file that the build was compiled with. */
  readonly calibration?: { readonly text: string; readonly name: string };
  /** Path of the powers of tau that the keys come from. */
  readonly ptau?: string;
  readonly rpc?: string;
  /**
   * The model's number in the registry; default: the one that the folder's deployment record names, which is then said.
   */
  readonly modelId?: bigint;
  readonly registry?: string;
  /**
   * Seconds after which what is not done is given up. The folder is then read in a process of its own, which is killed:
   * a stranger's model can be slow to compile, or take more memory than there is. Default: no limit, in this process.
   */
  readonly timeLimit?: number;
  /** Bytes of all files together, at most; default 2^36. */
  readonly sizeLimit?: number;
  /**
   * Folders of gadgets that were compiled before, with which the model is made again, for who audits many builds and
   * trusts the folders. Default none: every gadget is compiled from its source.
   */
  readonly gadgetFolders?: readonly string[];
  readonly onStage?: (stage: string) => void;
}

/** Default of `sizeLimit`: keys of the largest circuits take some 30 GB. */
const MOST_BYTES = 2 ** 36;

export interface Audit {
  readonly folder: string;
  /** Whether nothing that was looked at was seen to be otherwise. */
  readonly sound: boolean;
  readonly findings: readonly Finding[];
}

/** @throws BuildFolderError where the folder holds no build */
export async function auditBuild(folder: string, options: AuditOptions = {}): Promise<Audit> {
  const manifest = await readManifest(folder);
  const findings: Finding[] = [];
  const state = {
    folder,
    manifest,
    options,
    say: (subject: string, verdict: FindingVerdict, detail: string) => void findings.push({ subject, verdict, detail }),
  };
  const { timeLimit, onStage } = options;
  if (timeLimit === undefined) await auditFolder(folder, options, state.say);
  else await auditApart(folder, { ...options, timeLimit }, state.say);
  onStage?.('chain');
  await auditChain(state);
  nameLimits(state);
  return { folder, sound: findings.every(({ verdict }) => verdict !== 'failed'), findings };
}

/** All that is read of the folder itself, step by step. */
export async function auditFolder(folder: string, options: AuditOptions, say: State['say']): Promise<void> {
  const state: State = { folder, manifest: await readManifest(folder), options, say };
  for (const [title, step] of STEPS) {
    options.onStage?.(title);
    if ((await step(state)) === 'enough') return;
  }
}

/** What the process that audits a folder says. */
export type AuditMessage = { readonly stage: string } | { readonly finding: Finding } | { readonly done: true };

/** `auditFolder` in a process of its own, killed when the time is over. */
async function auditApart(
  folder: string,
  { timeLimit, onStage, ...given }: AuditOptions & { readonly timeLimit: number },
  say: State['say'],
): Promise<void> {
  const program = fileURLToPath(new URL(`./audit-process${extname(import.meta.url)}`, import.meta.url));
  const child = fork(program, [], {
    env: childEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(kill, 1000 * timeLimit);
  process.once('exit', kill);
  let stage = 'files';
  let done = false;
  child.on('message', (message: AuditMessage) => {
    if ('stage' in message) onStage?.((stage = message.stage));
    else if ('finding' in message) say(message.finding.subject, message.finding.verdict, message.finding.detail);
    else done = true;
  });
  const start = performance.now();
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  child.send({ folder, options: given }, () => undefined);
  const [status, signal] = await ended;
  clearTimeout(timer);
  process.off('exit', kill);
  if (done) return;
  if (performance.now() - start >= 1000 * timeLimit)
    say(
      stage,
      'open',
      `not done within ${timeLimit} seconds, and nothing after it was looked at; give it more with --time-limit`,
    );
  else
    say(
      stage,
      'failed',
      `the process that looked at it ended (${signal ?? status}), as one does that runs out of memory; nothing after it was looked at`,
    );
}

interface State {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly options: AuditOptions;
  readonly say: (subject: string, verdict: FindingVerdict, detail: string) => void;
}

/** `enough`: nothing after this step is to be looked at. */
const STEPS: readonly (readonly [string, (state: State) => Promise<void | 'enough'>])[] = [
  ['files', auditFiles],
  ['circuit', auditCircuit],
  ['model', auditModel],
  ['keys', auditKeys],
  ['contract', auditContract],
];

/**
 * Runs a check that throws where something is otherwise, and makes a line of it. What a stranger's file can provoke
 * need not be an error of this package; what an endpoint or a network does is no statement about the build.
 */
async function check(
  { say }: State,
  subject: string,
  established: string,
  work: () => Promise<string | void>,
): Promise<boolean> {
  try {
    say(subject, 'established', (await work()) ?? established);
    return true;
  } catch (error) {
    if (isOfTheChain(error)) say(subject, 'open', `the chain could not be asked: ${textOf(error)}`);
    else
      say(
        subject,
        'failed',
        error instanceof ZkinferError ? error.message : `it cannot be read or made again: ${textOf(error)}`,
      );
    return false;
  }
}

/** No answer, or one that is none; ethers names its own errors by a code in capitals. */
function isOfTheChain(error: unknown): boolean {
  if (error instanceof RpcUnreachableError || error instanceof RpcResponseError) return true;
  const { code, shortMessage } = error as { readonly code?: unknown; readonly shortMessage?: unknown };
  return !(error instanceof ZkinferError) && typeof code === 'string' && typeof shortMessage === 'string';
}

function textOf(error: unknown): string {
  return (
    (error as { readonly shortMessage?: string }).shortMessage ??
    (error instanceof Error ? error.message : String(error))
  );
}

function compare(what: string, own: string, made: string): void {
  if (own !== made) throw new AuditMismatchError(`${what} is ${own}; made again here it is ${made}`);
}

async function auditFiles(state: State): Promise<void | 'enough'> {
  const { folder, manifest, options, say } = state;
  const names = Object.keys(manifest.files);
  const most = options.sizeLimit ?? MOST_BYTES;
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > most) {
    say(
      'files',
      'open',
      `they have ${bytes} bytes in all, more than the limit of ${most}, and nothing of the folder was looked at; raise it with --size-limit`,
    );
    return 'enough';
  }
  await check(state, 'files', `${names.length} files are those that the manifest names by hash`, async () => {
    for (const name of names) await checkBuildFile(folder, manifest, name);
  });
}

/** The circuit from the integer model: needs nothing but the folder and this package. */
async function auditCircuit(state: State): Promise<void> {
  const { folder, manifest } = state;
  let netlist: Netlist | undefined;
  const same = await check(
    state,
    'circuit',
    'circuit, wire names and witness plan, made again from the integer model, are equal bit for bit',
    async () => {
      const model = await readIntegerModel(folder, manifest);
      requireManifestOfModel(folder, manifest, publicSignalsOf(model, manifest.visibility));
      const circuit = await compileModel(model, manifest.visibility);
      compare(
        "the circuit's hash",
        manifest.circuitHash,
        await sha256Of(r1csChunks(circuit.constraints, { reuse: true }), r1csBytes(circuit.constraints)),
      );
      // Builds of large circuits hold neither.
      const { [R1CS]: r1cs, 'circuit.sym': sym } = manifest.files;
      if (r1cs !== undefined) compare('the hash of circuit.r1cs', r1cs, manifest.circuitHash);
      if (sym !== undefined)
        compare(
          'the hash of circuit.sym',
          sym,
          sha256(symLines(wireNames(circuit.netlist, circuit.plan, circuit.signals))),
        );
      netlist = circuit.netlist;
      compare(
        'the hash of circuit.plan',
        manifest.files['circuit.plan'] ?? 'absent',
        sha256([encodeWitnessPlan(circuit.plan)]),
      );
    },
  );
  if (same && netlist !== undefined) await auditWires(state, netlist);
}

/**
 * Whether a witness is determined by inputs, salts and context: each step of the circuit makes its wires from those
 * made before it, by a combination or a gadget, so it is enough that each gadget determines its outputs within the
 * range that the compiler promises it.
 */
async function auditWires(state: State, netlist: Netlist): Promise<void> {
  const found = await auditGadgets(gadgetsOf(netlist));
  const { distinct, digits, open } = found;
  if (open.length > 0) {
    const named = open
      .slice(0, 5)
      .map(({ gadget, reason }) => `${gadget}: ${reason}`)
      .join('; ');
    state.say(
      'wires',
      'open',
      `${distinct - open.length} of ${distinct} gadgets determine their wires by their inputs; not shown for ${named}`,
    );
    return;
  }
  const free =
    digits.length === 0
      ? ''
      : `, but for digits of range checks that can be written in two ways, which nothing reads (${digits.join(', ')})`;
  state.say(
    'wires',
    'established',
    `each of the circuit's ${distinct} distinct gadgets determines its wires by its inputs, shown case by case${free}`,
  );
}

async function auditModel(state: State): Promise<void> {
  const { folder, manifest, options, say } = state;
  const { onnx, calibration } = options;
  if (onnx === undefined) {
    say(
      'model',
      'open',
      `whether the integer model is that of the ONNX file with SHA-256 ${manifest.modelHash}: give the file (--onnx)`,
    );
    return;
  }
  const same = await check(
    state,
    'model file',
    `the ONNX file is the one that the manifest names: ${manifest.modelHash}`,
    async () => {
      compare("the manifest's model hash", manifest.modelHash, sha256([onnx]));
    },
  );
  if (!same) return;
  const recorded = manifest.options;
  if (recorded === undefined) {
    say('model', 'open', 'the manifest records no options to compile with: the build was made by an earlier version');
    return;
  }
  let samples: Sample[] | undefined;
  if (recorded.calibrationHash !== undefined) {
    if (calibration === undefined) {
      say(
        'model',
        'open',
        `the model was calibrated on rows with the hash ${recorded.calibrationHash}: give the file (--calibration)`,
      );
      return;
    }
    const known = await check(
      state,
      'calibration',
      'the calibration rows are those that the manifest names',
      async () => {
        samples = parseSamples(
          calibration.text,
          graphInputs(chooseFrom(decodeModel(onnx), recorded)),
          calibration.name,
        );
        compare('the hash of the calibration rows', recorded.calibrationHash as string, samplesHash(samples));
      },
    );
    if (!known) return;
  }
  await check(
    state,
    'model',
    'the integer model, made again from the ONNX file with the recorded options, is equal bit for bit',
    async () => {
      const { activationBits, spreadBits, inputBits, inputRange, shapes, outputs, fixed, provedTo, classOnly, tally } =
        recorded;
      const compiled = await compileOnnx(onnx, {
        name: manifest.name,
        activationBits,
        spreadBits,
        calibration: samples,
        ...visibilityOptions(manifest.visibility),
        gadgetFolders: options.gadgetFolders ?? [],
        ...(inputBits === undefined ? {} : { inputBits }),
        ...(inputRange === undefined ? {} : { inputRange }),
        ...(shapes === undefined ? {} : { shapes }),
        ...(outputs === undefined ? {} : { outputs }),
        ...(fixed === undefined ? {} : { fixed }),
        ...(provedTo === undefined ? {} : { provedTo }),
        ...(classOnly === undefined ? {} : { classOnly }),
        ...(tally === undefined ? {} : { tally }),
        ...(manifest.batch === undefined ? {} : { batch: manifest.batch }),
      });
      const stored = (model: IntegerModel): string => {
        const { json, weights = [] } = storeIntegerModel(model);
        return sha256([json, ...weights]);
      };
      if (stored(await readIntegerModel(folder, manifest)) !== stored(compiled.model)) {
        const by =
          manifest.toolVersion === VERSION
            ? ''
            : ` (the build was made by version ${manifest.toolVersion}, this is ${VERSION})`;
        throw new AuditMismatchError(`integer-model.json is not what the ONNX file and the recorded options give${by}`);
      }
      compare("the circuit's hash", manifest.circuitHash, compiled.manifest.circuitHash);
    },
  );
}

async function auditKeys(state: State): Promise<void> {
  const { folder, manifest, options, say } = state;
  const { keys } = manifest;
  const { files } = proofSystemOf(manifest);
  if (keys === undefined) {
    say('keys', 'open', 'the build has no keys');
    return;
  }
  const zkey = await checkBuildFile(folder, manifest, files.provingKey).catch(() => undefined);
  if (zkey === undefined) {
    say(
      'verification key',
      'open',
      'the proving key is not in the folder, so the verification key cannot be compared with it',
    );
  } else {
    await check(
      state,
      'verification key',
      `${files.verificationKey} is the proving key's, which is for a circuit of this size`,
      async () => {
        const { circuit, publicSignals } = manifest;
        // Reads the header alone; counts that the file's sections do not bear out are refused.
        const shape = await proofSystemOf(manifest).keyShape(zkey);
        requireKeyShape(folder, manifest, shape, {
          wires: circuit.wires,
          publicSignals: publicSignals.length,
          domainSize: circuit.domainSize,
        });
        await readVerificationKey(folder);
      },
    );
  }
  if (keys.kind === 'development') {
    say(
      'keys',
      'open',
      'these are development keys, one contribution on one machine: whoever made them can forge proofs if they kept the secrets, and only they know ' +
        'whether the key is for this circuit alone',
    );
    return;
  }
  if (options.ptau === undefined || zkey === undefined) {
    if (zkey !== undefined)
      await check(state, 'ceremony', 'the proving key names the contributions that the manifest does', () =>
        requireRecordedCeremony(folder, manifest, zkey),
      );
    say(
      'keys',
      'open',
      `whether the key comes from this circuit and powers of tau with SHA-256 ${keys.ptauHash ?? 'unknown'}: give the file (--ptau)`,
    );
    return;
  }
  const { ptau } = options;
  await check(state, 'keys', '', async () => {
    await requireRecordedCeremony(folder, manifest, zkey);
    compare("the manifest's hash of the powers of tau", keys.ptauHash ?? 'absent', await hashFile(ptau));
    const { ceremony } = chooseBackend('auto', () => undefined);
    const { contributions } = await ceremony.verifyKey(zkey, { r1cs: await circuitOf(folder, manifest), ptau });
    const names = contributions.map(({ name, hash, kind }) => `${name ?? kind} ${hash.slice(0, 16)}…`).join(', ');
    const alone =
      contributions.filter(({ kind }) => kind === 'contribution').length === 1
        ? '; one person alone contributed, and forges proofs if they kept the secret'
        : '';
    return `the key comes from this circuit and these powers of tau by ${contributions.length} contribution(s): ${names}${alone}`;
  });
}

async function auditContract(state: State): Promise<void> {
  const { folder, manifest, say } = state;
  if (manifest.keys === undefined || manifest.files['Verifier.sol'] === undefined) {
    say('contract', 'open', 'the folder holds no Verifier.sol to compare');
    return;
  }
  await check(state, 'contract', 'Verifier.sol is, byte for byte, what this package writes for the key', async () => {
    const own = new TextDecoder().decode(await readBuildFile(folder, manifest, 'Verifier.sol'));
    if (own !== renderVerifier(await readVerificationKey(folder), manifest)) {
      throw new AuditMismatchError(`Verifier.sol is not what version ${VERSION} writes for this key and manifest`);
    }
  });
}

async function auditChain(state: State): Promise<void> {
  const { folder, manifest, options, say } = state;
  if (options.rpc === undefined || manifest.keys === undefined) {
    say('chain', 'open', "whether a chain holds this model: give an endpoint (--rpc) and the model's number (--model)");
    return;
  }
  const { rpc: url } = options;
  const endpoint: { rpc?: Rpc } = {};
  // Adds a finding only where `work` fails; the checks inside add their own.
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await check(state, 'chain', '', () => Promise.reject(error as Error));
    }
  };
  await attempt(async () => {
    const rpc = (endpoint.rpc = await connect(url));
    const record = await readDeployment(folder, rpc);
    const key = await readVerificationKey(folder);
    const artifact = (await compileCached({ 'Verifier.sol': renderVerifier(key, manifest) }))[
      contractName(manifest.name)
    ];
    const registry = options.registry ?? record.registry?.address;
    const modelId = options.modelId ?? (record.model === undefined ? undefined : BigInt(record.model.id));
    if (registry !== undefined && modelId !== undefined) {
      await auditRegistered(state, rpc, registry, modelId, vkHash(key), artifact.deployedBytecode);
      // The recorded attestations contract reads the recorded registry; it says nothing of another one that is given.
      const attestations = registry === record.registry?.address ? record.attestations?.address : undefined;
      await auditPackageCode(state, rpc, { registry, ...(attestations === undefined ? {} : { attestations }) });
    } else if (record.verifier !== undefined) {
      await auditCode(state, rpc, record.verifier.address, artifact.deployedBytecode);
    } else {
      say('chain', 'open', 'neither a registered model nor a deployed verifier is named: give --registry and --model');
    }
  });
  endpoint.rpc?.provider.destroy();
}

async function auditRegistered(
  state: State,
  rpc: Rpc,
  registry: string,
  modelId: bigint,
  keyHash: string,
  code: string,
): Promise<void> {
  const { manifest, say } = state;
  let verifier: string | undefined;
  await check(state, 'registry', '', async () => {
    const model = await readModel(rpc, registry, modelId);
    compare('the registered model hash', model.modelHash, manifest.modelHash);
    compare('the registered circuit hash', model.circuitHash, manifest.circuitHash);
    compare('the registered key hash', model.vkHash, keyHash);
    verifier = model.verifier;
    return `model ${modelId}, version ${model.version}, in the registry at ${registry} on chain ${rpc.chainId} has this build's model, circuit and key; its owner is ${model.owner}${model.deprecated ? '; it is retired' : ''}`;
  });
  if (verifier === undefined) say('code on chain', 'open', 'the registry names no verifier to look at');
  else await auditCode(state, rpc, verifier, code);
}

/** A registry of other code may still be a good one, so that it is not an error. */
async function auditPackageCode(
  { say }: State,
  rpc: Rpc,
  contracts: { readonly registry: string; readonly attestations?: string },
): Promise<void> {
  const { registry, attestations } = contracts;
  const unknown = await unknownCode(rpc, contracts);
  for (const what of unknown) say("registry's code", 'open', what);
  const what =
    attestations === undefined
      ? `the registry at ${registry} has`
      : `the registry at ${registry} and the attestations contract at ${attestations} have`;
  if (unknown.length === 0) say("registry's code", 'established', `${what} the code that this package compiles`);
}

async function auditCode(state: State, rpc: Rpc, address: string, code: string): Promise<void> {
  await check(state, 'code on chain', `the code at ${address} is the build's verifier, compiled here`, async () => {
    const deployed = await rpc.provider.getCode(address);
    if (deployed.toLowerCase() !== code.toLowerCase())
      throw new AuditMismatchError(`the code at ${address} is not the build's verifier, compiled here`);
  });
}

function nameLimits({ manifest, say }: State): void {
  if (manifest.keys?.kind === 'ptau') {
    say(
      'contributors',
      'never',
      'that at least one contributor forgot their secret; ask those whom you trust whether the hash is theirs',
    );
  } else {
    say('key maker', 'never', 'that whoever made the keys forgot the secrets; with them anybody forges');
  }
  say(
    'author',
    'never',
    'that the model is good, was trained on what its author claims, or is the one meant; a hash names a file, not a purpose',
  );
  say('inputs', 'never', 'that an input committed to is a true one: a proof says what the model makes of it');
}
