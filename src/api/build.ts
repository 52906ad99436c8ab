/**
 * A build as a value: what `compile` made of a model, in memory until it is saved, or what a folder holds. The verbs that
 * need files (a key is as large as the circuit) keep those of an unsaved build in a temporary folder, which goes with the
 * process.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { manifestSchema, type Manifest } from '../manifest.js';
import type { IntegerModel } from '../integer/integer-model.js';
import type { ComparedAccuracy } from '../workflow/accuracy-report.js';
import { BuildMismatchError } from '../workflow/errors.js';
import { readManifest, writeBuild, type BuildWriteOptions } from '../workflow/build-folder.js';
import { buildFiles, compileOnnx, type CompileOptions } from '../workflow/compile.js';
import type { LayerReport } from '../workflow/report.js';

/** A compiled model. Its keys are `Keys`. */
export interface Build {
  /** What it says of itself, as `compile` made it or as its folder had it when it was opened. */
  readonly manifest: Manifest;
  /** Where it is kept; undefined until it is saved. */
  readonly folder: string | undefined;
  /**
   * Writes it into a folder, where the command line finds it; keys that are there stay where they are of this circuit.
   * @throws KeysExistError, BuildFolderError before anything is written
   */
  save(folder: string, options?: BuildWriteOptions): Promise<void>;
}

/** A build that was just compiled, and what is known of it. */
export interface CompiledBuild extends Build {
  readonly model: IntegerModel;
  /** How far the integer model is from float32. */
  readonly accuracy: ComparedAccuracy;
  /** What each layer costs. */
  readonly layers: readonly LayerReport[];
}

export interface CompileRequest extends CompileOptions {
  /** The model's file. Where its weights lie beside it in files of their own: `readOnnxFile`. */
  readonly onnx: Uint8Array;
}

/** Folder with the files of a build: its own, or a temporary one. */
const places = new WeakMap<Build, () => Promise<string>>();

/**
 * From ONNX to a circuit. Nothing is written.
 * @throws the classes of the stages: of a model (MalformedModelError, UnsupportedModelError, …), of its quantization, and
 *   CircomError
 */
export async function compile({ onnx, ...options }: CompileRequest): Promise<CompiledBuild> {
  const compiled = await compileOnnx(onnx, options);
  const { manifest, model, accuracy, layers } = compiled;
  const write = async (folder: string, how?: BuildWriteOptions): Promise<void> =>
    void (await writeBuild(folder, manifest, buildFiles(compiled), how));
  let saved: string | undefined;
  let temporary: Promise<string> | undefined;
  const build: CompiledBuild = {
    manifest,
    model,
    accuracy,
    layers,
    get folder() {
      return saved;
    },
    async save(folder, how) {
      await write(folder, how);
      saved = resolve(folder);
    },
  };
  places.set(build, async () => {
    if (saved !== undefined) return saved;
    temporary ??= temporaryFolder().then(async (folder) => {
      await write(folder);
      return folder;
    });
    return await temporary;
  });
  return build;
}

/** The build that a folder holds. @throws BuildFolderError where it holds none */
export async function openBuild(folder: string): Promise<Build> {
  const manifest = await readManifest(folder);
  const place = resolve(folder);
  const build: Build = {
    manifest,
    folder: place,
    async save(other) {
      if (resolve(other) === place) return;
      throw new UsageError(`the build is in ${place}; copy that folder to have it in ${other}`);
    },
  };
  places.set(build, () => Promise.resolve(place));
  return build;
}

/**
 * Where the files of a build are. The trap: another build may have been written into its folder since.
 * @throws UsageError for what neither `compile` nor `openBuild` gave, BuildMismatchError where the folder holds another
 */
export async function placeOf(build: Build): Promise<string> {
  const place = places.get(build);
  if (place === undefined) throw new UsageError('build: neither `compile` nor `openBuild` gave this');
  const folder = await place();
  if (!isSameBuild(await readManifest(folder), build.manifest)) {
    throw new BuildMismatchError(
      `${folder} holds another build than when this one was saved or opened; open the folder again, or save the build elsewhere`,
    );
  }
  return folder;
}

/** Whether two builds are of one model and say the same of it, whatever keys they have. */
export function isSameBuild(one: Manifest, other: Manifest): boolean {
  return meaningOf(one) === meaningOf(other);
}

/** What proofs, readers and contracts take from a manifest, in one order of fields. */
function meaningOf(manifest: Manifest): string {
  const { name, modelHash, circuitHash, activationBits, batch, summed, visibility, inputs, outputs, publicSignals } =
    manifestSchema.parse(JSON.parse(JSON.stringify(manifest)));
  return JSON.stringify([
    [name, modelHash, circuitHash, activationBits, batch, summed],
    [visibility, inputs, outputs, publicSignals],
  ]);
}

/** The folder of a saved build. @throws UsageError where it is not saved: `what` would be lost */
export async function folderOf(build: Build, what: string): Promise<string> {
  const place = await placeOf(build);
  if (build.folder === undefined)
    throw new UsageError(`${what} is kept in the build's folder, and the build has none: save it first`);
  return place;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zkinfer-build-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
