/** The compiler that `zkinfer export-compiler` wrote, in a worker: circom on sources in memory, each gadget once. */
import { compileGadget } from '../circom/compile-gadget.js';
import { distinctGadgets, linkable } from '../circom/linkable.js';
import type { GadgetObject } from '../circom/object.js';
import { decodeObject } from '../circom/object-file.js';
import type { CircomModule } from '../circom/run-circom.js';
import type { GadgetCompiler } from '../compile/circuit.js';
import type { GadgetSpec } from '../gadgets/index.js';
import { COMPILER_FILES, COMPILER_INDEX, compilerIndexSchema, type CompilerIndex } from '../workflow/compiler-index.js';
import { WebBuildError } from '../workflow/errors.js';
import { changed, fetchCompressed, fetchIndex, hashOf } from './fetching.js';
import { platform } from './platform.js';
import { supplyPoseidonConstants } from './poseidon-constants.js';

export interface ExportedCompiler {
  readonly compileGadgets: GadgetCompiler;
  /** Constants of Poseidon by width, as JSON, for those gadgets that were compiled. */
  poseidonConstants(): string | undefined;
}

/** `version`: of this package. @throws WebBuildError where what the server gives is none, or another version's */
export async function openCompiler(
  url: string,
  version: string,
  sha256: string | undefined,
): Promise<ExportedCompiler> {
  const { signal } = new AbortController();
  const at = (name: string): string => new URL(name, url).href;
  const index = await readIndex(at(COMPILER_INDEX), sha256, signal);
  if (index.toolVersion !== version)
    throw new WebBuildError(
      `${at(COMPILER_INDEX)} was written by zkinfer ${index.toolVersion}, and this is ${version}: circuits would differ; export the compiler again`,
    );
  const file = async (name: string): Promise<Uint8Array | undefined> => {
    const entry = Object.hasOwn(index.files, name) ? index.files[name] : undefined;
    return entry === undefined ? undefined : await fetchCompressed(at(entry.path), entry, signal);
  };
  const needed = async (name: string): Promise<Uint8Array> => {
    const bytes = await file(name);
    if (bytes === undefined)
      throw new WebBuildError(`${at(COMPILER_INDEX)} names no ${name}; export the compiler again`);
    return bytes;
  };
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const objects = new Map<string, GadgetObject>();
  const constants: Record<string, unknown> = {};
  let circom: Promise<{ readonly module: CircomModule; readonly sources: ReadonlyMap<string, string> }> | undefined;
  const loadCircom = async () => {
    const [program, sources] = await Promise.all([needed(COMPILER_FILES.circom), needed(COMPILER_FILES.sources)]);
    return {
      module: await platform.WebAssembly.compile(program.slice().buffer),
      sources: new Map(Object.entries(JSON.parse(text(sources)) as Record<string, string>)),
    };
  };
  const supplyConstants = async ({ template, parameters }: GadgetSpec): Promise<void> => {
    const width = Number(parameters[0]) + 1;
    if (template !== 'PoseidonBlock' || Object.hasOwn(constants, width)) return;
    const json = text(await needed(COMPILER_FILES.poseidon(width)));
    supplyPoseidonConstants(json, at(COMPILER_FILES.poseidon(width)));
    Object.assign(constants, JSON.parse(json));
  };
  return {
    async compileGadgets(specs) {
      const wanted = distinctGadgets(specs);
      for (const [key, spec] of wanted) {
        if (objects.has(key)) continue;
        await supplyConstants(spec);
        const ahead = await file(COMPILER_FILES.gadget(spec));
        if (ahead !== undefined) objects.set(key, linkable(spec, decodeObject(ahead)));
        else {
          const { module, sources } = await (circom ??= loadCircom());
          objects.set(key, linkable(spec, compileGadget(module, spec, sources)));
        }
      }
      return new Map(Array.from(wanted.keys(), (key) => [key, objects.get(key) as GadgetObject]));
    },
    poseidonConstants: () => (Object.keys(constants).length === 0 ? undefined : JSON.stringify(constants)),
  };
}

async function readIndex(url: string, sha256: string | undefined, signal: AbortSignal): Promise<CompilerIndex> {
  const bytes = await fetchIndex(url, signal);
  if (sha256 !== undefined && (await hashOf(bytes)) !== sha256) throw changed(url);
  try {
    return compilerIndexSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new WebBuildError(`${url} is no exported compiler; export one with: zkinfer export-compiler FOLDER`, {
      cause,
    });
  }
}
