/**
 * The worker in which a browser proves: it holds a build and its key, and answers one request after the other, so that the
 * page's thread is never held up. `index.ts` is its one caller.
 */
import { decodeWitnessPlan } from '../compile/witness-plan-file.js';
import {
  contribution,
  keyRecord,
  NativeError,
  rustError,
  type BindingContribution,
  type BindingKeyRecord,
} from '../groth16/binding.js';
import { requireKeyOf } from '../groth16/key-mismatch.js';
import type { Groth16Backend, VerificationKey } from '../groth16/types.js';
import {
  instantiateWasm,
  refusal,
  sharedMemory,
  type WasmAnswer,
  type WasmArgument,
  type WasmCall,
  type WasmModule,
  type WasmRoom,
} from '../groth16/wasm-module.js';
import { manifestSchema, type Manifest } from '../manifest.js';
import { proofSystemOf } from '../proof-systems/index.js';
import { restoreIntegerModel } from '../integer/serialize.js';
import { witnessBytes } from '../r1cs/witness.js';
import { checkProof, keyFromText } from '../workflow/check-proof.js';
import { BuildMismatchError, WebBuildError } from '../workflow/errors.js';
import { prepareInference, type PreparedInference } from '../workflow/inference.js';
import type { OutputReport } from '../workflow/outputs.js';
import { proofFromJson } from '../workflow/proof-file.js';
import { requireKeyShape } from '../workflow/public-signals.js';
import { requireRecorded } from '../workflow/recorded-ceremony.js';
import { WEB_FILES, WEB_INDEX, webIndexSchema, type WebIndex } from '../workflow/web-index.js';
import { toMessage } from './errors.js';
import { fetchCompressed, fetchFrom, fetchIndex, hashOf, changed, holdFiles } from './fetching.js';
import { openStoredKey, type StoredKey } from './key-store.js';
import { keyPieces } from './key-stream.js';
import { keysFor, webFilesOf } from './memory-build.js';
import { platform, type WorkerScope } from './platform.js';
import { supplyPoseidonConstants } from './poseidon-constants.js';
import {
  stopOf,
  type BytesOrUrl,
  type CallName,
  type Calls,
  type KeyReport,
  type ModuleChoice,
  type Reply,
  type CallRequest,
  type Start,
  type ThreadsReady,
  type WantThreads,
} from './protocol.js';

const scope = globalThis as unknown as WorkerScope;

interface Running {
  readonly id: number;
  /** Says how far a request is; true where it is to stop. */
  progress(share: number, stage: string): boolean;
}

/** What the module says of a key that it loaded. */
interface LoadedRecord {
  readonly handle: number;
  readonly wires: number;
  readonly publicSignals: number;
  readonly domainSize: number;
  readonly verificationKey: string;
  readonly record: BindingKeyRecord | null;
  readonly sha256: string | null;
}

interface OpenBuild {
  readonly url: string;
  readonly manifest: Manifest;
  readonly inference: PreparedInference;
  readonly key: VerificationKey;
  /** The key's way here; rejects where it is refused. */
  readonly loaded: Promise<KeyInModule>;
}

interface KeyInModule extends KeyReport {
  readonly handle: number;
}

let module: Promise<WasmModule>;
/** Threads of the module's pool. */
let threads = 1;
let control: Int32Array | undefined;
/** The page's answer to `WantThreads`. */
let threadsReady: ((ready: boolean) => void) | undefined;
let build: OpenBuild | undefined;

async function start(choice: ModuleChoice): Promise<WasmModule> {
  control = choice.control;
  if (choice.threads > 1) {
    const pooled = await startPool(choice).catch(() => undefined);
    if (pooled !== undefined) {
      ({ threads } = choice);
      return pooled;
    }
    scope.postMessage({ threads: [] } satisfies WantThreads);
  }
  return instantiateWasm(await compiled(choice.plain));
}

/** The module with threads; undefined where it cannot be had, or workers cannot. */
async function startPool({ withThreads, threads: count }: ModuleChoice): Promise<WasmModule | undefined> {
  // From the beginning: the page may have no threads before the module is here.
  const ready = new Promise<boolean>((resolve) => (threadsReady = resolve));
  const pooled = instantiateWasm(await compiled(withThreads), sharedMemory());
  scope.postMessage({ threads: pooled.threads(count) } satisfies WantThreads);
  return (await ready) && pooled.startPool(count) ? pooled : undefined;
}

async function compiled(url: string): Promise<object> {
  const { WebAssembly } = platform;
  // Servers that name another type than application/wasm give a module that is compiled when it is there.
  const streamed = await WebAssembly.compileStreaming?.(fetchFrom(url)).catch(() => undefined);
  return streamed ?? (await WebAssembly.compile(await (await fetchFrom(url)).arrayBuffer()));
}

/** Why the module takes no more calls: it stopped inside one, and what its memory holds since then means nothing. */
let stopped: NativeError | undefined;

/** A call of the module, with its refusals as errors of their classes. @throws NativeError, `INTERNAL` once it stopped */
function called<T>(
  wasm: WasmModule,
  name: WasmCall,
  values: readonly (WasmArgument | number)[],
  running?: Running,
): { readonly value: T; readonly output?: Uint8Array } {
  if (control !== undefined && running !== undefined) Atomics.store(control, 0, running.id);
  if (stopped !== undefined) throw stopped;
  let answer: WasmAnswer;
  try {
    answer = wasm.call(name, values, running && ((share, stage) => running.progress(share, stage)));
  } catch (cause) {
    const why = `the WebAssembly prover stopped (${(cause as Error).message}), as it does without memory; open the build again`;
    const { file, section, reason, message } = refusal('INTERNAL', '', why);
    throw (stopped = new NativeError('INTERNAL', message, file, section, reason));
  }
  if ('failure' in answer) throw rustError(Object.assign(new Error(answer.failure.message), answer.failure));
  return answer as { readonly value: T; readonly output?: Uint8Array };
}

/** The module as what checks proofs. */
const verifierOver = (wasm: WasmModule): Pick<Groth16Backend, 'verify'> => ({
  verify: async (key, publicSignals, proof) =>
    called<boolean>(wasm, 'verify', [JSON.stringify(key), JSON.stringify(publicSignals), JSON.stringify(proof)]).value,
});

async function open(
  { url, sha256, cache, build: inMemory }: Calls['open']['given'],
  running: Running,
): Promise<Calls['open']['gives']> {
  if (inMemory !== undefined) holdFiles(await webFilesOf(inMemory, url));
  const { signal } = new AbortController();
  const at = (name: string): string => new URL(name, url).href;
  const indexBytes = await fetchIndex(at(WEB_INDEX), signal);
  const own = await hashOf(indexBytes);
  if (sha256 !== undefined && own !== sha256) throw changed(at(WEB_INDEX));
  const index = readIndex(indexBytes, at(WEB_INDEX));
  const stored = cache === 'opfs' ? await openStoredKey(index.key) : undefined;
  // The key is the longest part of it and is fetched beside the rest.
  const room = fillRoom(at(index.key.path), index.key, stored, running);
  room.catch(() => undefined);
  const file = async (name: string): Promise<Uint8Array | undefined> => {
    const entry = index.files[name];
    return entry === undefined ? undefined : await fetchCompressed(at(entry.path), entry, signal);
  };
  const needed = async (name: string): Promise<Uint8Array> => {
    const bytes = await file(name);
    if (bytes === undefined) throw new WebBuildError(`${at(WEB_INDEX)} names no ${name}; export the build again`);
    return bytes;
  };
  const described = needed(WEB_FILES.manifest).then((bytes) => readManifest(bytes, at(WEB_FILES.manifest)));
  const [manifest, modelBytes, weights, planBytes, keyBytes, constants] = await Promise.all([
    described,
    needed(WEB_FILES.model),
    file(WEB_FILES.weights),
    needed(WEB_FILES.plan),
    described.then((known) => needed(proofSystemOf(known).files.verificationKey)),
    file(WEB_FILES.poseidon),
  ]);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  for (const [name, file] of Object.entries(index.files)) {
    const isDeclared = name !== WEB_FILES.manifest && name !== WEB_FILES.poseidon;
    if (isDeclared && file.sha256 !== manifest.files[name]) throw changed(at(name));
  }
  const { provingKey, verificationKey } = proofSystemOf(manifest).files;
  if (index.key.sha256 !== manifest.files[provingKey]) throw changed(at(index.key.path));
  if (constants !== undefined) supplyPoseidonConstants(text(constants), at(WEB_FILES.poseidon));
  const model = restoreIntegerModel(text(modelBytes), weights);
  const plan = decodeWitnessPlan(planBytes, model.ops);
  const inference = prepareInference({ folder: url, manifest, model, plan });
  const key = keyFromText(text(keyBytes), url, manifest);
  proofSystemOf(manifest).requireFinished(key, at(verificationKey));
  const loaded = load({ url, manifest, inference, key, stored, room, hash: index.key.sha256 });
  loaded.catch(() => undefined);
  build = { url, manifest, inference, key, loaded };
  await module;
  return { sha256: own, manifest, keyBytes: index.key.bytes, threads };
}

function readIndex(bytes: Uint8Array, url: string): WebIndex {
  try {
    return webIndexSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new WebBuildError(`${url} is no exported build; export one with: zkinfer export-web BUILD FOLDER`, { cause });
  }
}

function readManifest(bytes: Uint8Array, url: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new WebBuildError(`${url} is damaged or of another version; export the build again`, { cause });
  }
}

interface FilledRoom {
  readonly room: WasmRoom;
  readonly fetched: number;
  readonly kept: boolean;
}

/** The key's bytes in the module's memory. */
async function fillRoom(
  url: string,
  key: WebIndex['key'],
  stored: StoredKey | undefined,
  running: Running,
): Promise<FilledRoom> {
  const wasm = await module;
  const room = wasm.room(key.bytes);
  if (room === undefined)
    throw rustError(
      refusal('NO_MEMORY', '', `no room for a key of ${key.bytes} bytes in the memory of the WebAssembly prover`),
    );
  let done = 0;
  let [fetched, kept] = [0, stored !== undefined];
  const keeping: StoredKey | undefined = stored && {
    ...stored,
    async write(at, bytes) {
      kept = (await stored.write(at, bytes)) && kept;
      return kept;
    },
  };
  for await (const { at, bytes, isFetched } of keyPieces(url, key, keeping, new AbortController().signal)) {
    room.write(at, bytes);
    done += bytes.length;
    if (isFetched) fetched += bytes.length;
    running.progress(done / key.bytes, 'key');
  }
  return { room, fetched, kept };
}

/** Checks the key and makes it ready. */
async function load({
  url,
  manifest,
  inference,
  key,
  stored,
  room,
  hash,
}: Pick<OpenBuild, 'url' | 'manifest' | 'inference' | 'key'> & {
  readonly stored: StoredKey | undefined;
  readonly room: Promise<FilledRoom>;
  readonly hash: string;
}): Promise<KeyInModule> {
  const { provingKey, verificationKey } = proofSystemOf(manifest).files;
  const wasm = await module;
  const { room: filled, fetched, kept } = await room;
  const checked = fetched === 0 && ((await stored?.isChecked()) ?? false);
  const { value } = called<LoadedRecord>(wasm, 'load_key', [`${url}${provingKey}`, filled, Number(!checked)]);
  try {
    if (!checked && value.sha256 !== hash) throw changed(`${url}${provingKey}`);
    requireKeyOf(JSON.parse(value.verificationKey) as VerificationKey, key, {
      key: `${url}${verificationKey}`,
      provingKey: `${url}${provingKey}`,
      remedy: 'do not use this build; if it is yours, export it again',
    });
    requireRecorded(url, manifest.keys, {
      circuitHash: '',
      contributions: [],
      ...(value.record && keyRecord(value.record)),
    });
    requireKeyShape(url, manifest, value, inference.circuit);
  } catch (error) {
    wasm.closeKey(value.handle);
    throw error;
  }
  if (kept && !checked) await stored?.markChecked();
  return { handle: value.handle, fetched, kept, memoryBytes: wasm.memoryBytes() };
}

function opened(): OpenBuild {
  if (build === undefined) throw new WebBuildError('no build is open');
  return build;
}

async function prove(
  { input, context, salts }: Calls['prove']['given'],
  running: Running,
): Promise<Calls['prove']['gives']> {
  const { inference, loaded, key, url } = opened();
  const wasm = await module;
  const [asked, { handle }] = [performance.now(), await loaded];
  const begun = performance.now();
  running.progress(0, 'witness');
  const made = inference.infer(
    input.map((values) => Float64Array.from(values)),
    context,
    salts,
  );
  const bytes = witnessBytes(made.witness);
  const witnessed = performance.now();
  const { value } = called<{ readonly proof: string; readonly publicSignals: string }>(
    wasm,
    'prove',
    [handle, bytes],
    running,
  );
  bytes.fill(0);
  const { proof, publicSignals } = {
    proof: JSON.parse(value.proof) as Calls['prove']['gives']['proof'],
    publicSignals: JSON.parse(value.publicSignals) as string[],
  };
  const proved = performance.now();
  running.progress(0.98, 'verify');
  // Model, plan and key can be altered together, so that they agree with each other.
  if (!(await verifierOver(wasm).verify(key, publicSignals, proof))) {
    throw new BuildMismatchError(
      `${url}: the proof does not verify under the build's key, which was made for another model or other weights; do not use this build`,
    );
  }
  running.progress(1, 'done');
  return {
    proof,
    publicSignals,
    outputs: made.outputs,
    salts: made.salts,
    stages: {
      key: begun - asked,
      witness: witnessed - begun,
      prove: proved - witnessed,
      verify: performance.now() - proved,
    },
    memoryBytes: wasm.memoryBytes(),
  };
}

async function verify({ proof, publicSignals }: Calls['verify']['given']): Promise<Calls['verify']['gives']> {
  const { manifest, key } = opened();
  // Read as a file would be: whoever calls may have it from anywhere.
  const file = proofFromJson(JSON.stringify({ proof, publicSignals }), 'the proof');
  const { valid, reason, outputs } = await checkProof(manifest, key, verifierOver(await module), file);
  return { valid, ...(reason === undefined ? {} : { reason }), ...(outputs === undefined ? {} : { outputs }) };
}

async function run({ input }: Calls['run']['given']): Promise<readonly OutputReport[]> {
  return opened().inference.evaluate(input.map((values) => Float64Array.from(values)));
}

/** The bytes of an argument: given, or fetched. */
async function bytesOf(given: BytesOrUrl): Promise<Uint8Array> {
  if (typeof given !== 'string') return given;
  return new Uint8Array(await (await fetchFrom(given)).arrayBuffer());
}

const nameOf = (given: BytesOrUrl, otherwise: string): string => (typeof given === 'string' ? given : otherwise);

async function contribute(
  { key, name, entropy }: Calls['contribute']['given'],
  running: Running,
): Promise<Calls['contribute']['gives']> {
  const wasm = await module;
  const { value, output } = called<BindingContribution>(
    wasm,
    'contribute',
    [nameOf(key, 'the key'), await bytesOf(key), name ?? '', entropy],
    running,
  );
  return { key: output ?? new Uint8Array(), contribution: contribution(value) };
}

async function verifyKey(
  { key, circuit, powers, checkPowers }: Calls['verifyKey']['given'],
  running: Running,
): Promise<Calls['verifyKey']['gives']> {
  const wasm = await module;
  const [keyBytes, circuitBytes, powersBytes] = await Promise.all([key, circuit, powers].map(bytesOf));
  const { value } = called<BindingKeyRecord>(
    wasm,
    'verify_key',
    [
      nameOf(key, 'the key'),
      keyBytes,
      nameOf(circuit, 'the circuit'),
      circuitBytes,
      nameOf(powers, 'the powers of tau'),
      powersBytes,
      Number(checkPowers),
    ],
    running,
  );
  return keyRecord(value);
}

async function inspectKey({ key }: Calls['inspectKey']['given']): Promise<Calls['inspectKey']['gives']> {
  const wasm = await module;
  return keyRecord(called<BindingKeyRecord>(wasm, 'inspect_key', [nameOf(key, 'the key'), await bytesOf(key)]).value);
}

async function setup(
  { manifest, circuit }: Calls['setup']['given'],
  running: Running,
): Promise<Calls['setup']['gives']> {
  const { value, output } = called<string>(await module, 'setup', ['circuit.r1cs', circuit], running);
  return await keysFor(manifest, output ?? new Uint8Array(), JSON.parse(value) as VerificationKey);
}

const ANSWERS: {
  readonly [Name in CallName]: (given: Calls[Name]['given'], running: Running) => Promise<Calls[Name]['gives']>;
} = {
  open,
  async ready() {
    const { fetched, kept, memoryBytes } = await opened().loaded;
    return { fetched, kept, memoryBytes };
  },
  run,
  prove,
  verify,
  contribute,
  verifyKey,
  inspectKey,
  setup,
};

/** Says how far a request is; true where the page wants it to stop. */
function progress(id: number, share: number, stage: string): boolean {
  scope.postMessage({ id, share, stage } satisfies Reply);
  return control !== undefined && Atomics.load(control, stopOf(id)) !== 0;
}

scope.onmessage = ({ data }) => {
  const message = data as Start | ThreadsReady | CallRequest;
  if ('start' in message) {
    module = start(message.start);
    module.catch(() => undefined);
    return;
  }
  if ('ready' in message) return threadsReady?.(message.ready);
  const { id, call, given } = message;
  const running: Running = { id, progress: (share, stage) => progress(id, share, stage) };
  const answer = ANSWERS[call] as (given: unknown, running: Running) => Promise<Calls[CallName]['gives']>;
  answer(given, running).then(
    (gives) => scope.postMessage({ id, gives } satisfies Reply),
    (error: unknown) => scope.postMessage({ id, error: toMessage(error) } satisfies Reply),
  );
};
