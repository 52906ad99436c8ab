/**
 * Where a model version or an attestation comes from: the artifacts above it, back to the data sets.
 *
 * The trap: an ancestor is often reached by several ways (two runs on one data set). Each is read once; whoever draws
 * the graph must not walk every path, of which there can be exponentially many.
 */
import { type Attestation, findAttestation } from '../chain/attestations.js';
import type { Rpc } from '../chain/rpc.js';
import { ArtifactNotFoundError } from './errors.js';
import { type ModelLink, readArtifact, readLink, type RecordedArtifact } from './read-ledger.js';
import { artifactIsRegistered, readRegisteredFile } from './registered-file.js';

export interface Lineage {
  /** The artifact that the lineage is of. */
  readonly root: string;
  /** It and all its ancestors, each once; parents before children, in the ledger's order. */
  readonly artifacts: readonly RecordedArtifact[];
  /** The registered version that leads to `root`, where the lineage was asked from there. */
  readonly model?: {
    readonly modelId: bigint;
    readonly version: number;
    readonly link: ModelLink;
    /** SHA-256 of the ONNX file in the registry, hex. */
    readonly modelHash: string;
    /**
     * Whether the linked artifact is that file; undefined where the chain alone does not tell (`provenance verify`
     * does).
     */
    readonly isRegisteredFile: boolean | undefined;
  };
  /** The attestation it was asked from. */
  readonly attestation?: Attestation;
}

/** Artifacts read at once. */
const CONCURRENCY = 16;

/** The lineage of an artifact. @throws ArtifactNotFoundError */
export async function lineageOfArtifact(rpc: Rpc, ledger: string, root: string): Promise<Lineage> {
  const found = new Map<string, RecordedArtifact>();
  let wanted = [root];
  while (wanted.length > 0) {
    const read = await Promise.all(wanted.slice(0, CONCURRENCY).map((id) => readArtifact(rpc, ledger, id)));
    for (const artifact of read) found.set(artifact.id, artifact);
    const next = new Set([...wanted.slice(CONCURRENCY), ...read.flatMap(({ parents }) => parents)]);
    wanted = [...next].filter((id) => !found.has(id));
  }
  return { root, artifacts: [...found.values()].sort((a, b) => a.index - b.index) };
}

/** The lineage of a registered model version. @throws ArtifactNotFoundError where it was linked to none */
export async function lineageOfModel(rpc: Rpc, ledger: string, modelId: bigint, version: number): Promise<Lineage> {
  const link = await readLink(rpc, ledger, modelId, version);
  if (link === undefined) {
    throw new ArtifactNotFoundError(
      `version ${version} of model ${modelId} leads to no artifact in the ledger at ${ledger}; its owner links it with: zkinfer provenance record --kind model-version --model ${modelId} …`,
    );
  }
  const [lineage, registered] = await Promise.all([
    lineageOfArtifact(rpc, ledger, link.artifactId),
    readRegisteredFile(rpc, ledger, modelId, version),
  ]);
  const root = lineage.artifacts.find(({ id }) => id === link.artifactId)!;
  return {
    ...lineage,
    model: {
      modelId,
      version,
      link,
      modelHash: registered.modelHash,
      isRegisteredFile: artifactIsRegistered(registered, root),
    },
  };
}

/** The lineage of an attestation: of the model version that it is of. @throws ArtifactNotFoundError */
export async function lineageOfAttestation(
  rpc: Rpc,
  ledger: string,
  attestations: string,
  id: string,
): Promise<Lineage> {
  const attestation = await findAttestation(rpc, attestations, id);
  if (attestation === undefined)
    throw new ArtifactNotFoundError(
      `there is no attestation ${id} in the contract at ${attestations}; check the identifier and the chain`,
    );
  return { ...(await lineageOfModel(rpc, ledger, attestation.modelId, attestation.version)), attestation };
}
