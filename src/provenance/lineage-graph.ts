/**
 * A lineage as what is drawn of it: labelled nodes, from the attestation down to the data. Text and SVG draw the same.
 *
 * The trap: licences are free text that anyone may record. Control characters would move the cursor of the terminal
 * that shows them, or make the SVG unreadable; they are replaced here.
 */
import { type Artifact, contentName, type ArtifactKind } from './artifact.js';
import type { Lineage } from './lineage.js';

export interface LineageNode {
  /** Artifact identifier, `attestation` or `model`. */
  readonly id: string;
  readonly kind: ArtifactKind | 'attestation' | 'model';
  readonly title: string;
  /** What is said below the title, one item a line. */
  readonly details: readonly string[];
  /** Identifiers of the nodes it comes from. */
  readonly parents: readonly string[];
}

const TITLES: Record<ArtifactKind, string> = {
  unknown: 'unknown',
  'data-set': 'data set',
  'training-run': 'training run',
  checkpoint: 'checkpoint',
  'checkpoint-batch': 'checkpoints',
  'model-version': 'model version',
};

/** What is said of a registered model's file and the artifact that it leads to. */
const REGISTERED: Record<string, string> = {
  true: 'the file below',
  false: 'ANOTHER FILE than the one below',
  undefined: 'compare the file below: provenance verify',
};

/** The nodes, what is derived before what it is derived from. */
export function lineageGraph({ root, artifacts, model, attestation }: Lineage): LineageNode[] {
  const nodes: LineageNode[] = [];
  if (attestation !== undefined) {
    const details = [`${short(attestation.id)}`, `by ${short(attestation.prover)}, block ${attestation.blockNumber}`];
    nodes.push({ id: 'attestation', kind: 'attestation', title: 'attestation', details, parents: ['model'] });
  }
  if (model !== undefined) {
    nodes.push({
      id: 'model',
      kind: 'model',
      title: `model ${model.modelId}, version ${model.version}`,
      details: [`in the registry: ${short(model.modelHash)}`, REGISTERED[String(model.isRegisteredFile)]],
      parents: [root],
    });
  }
  for (const artifact of [...artifacts].reverse()) {
    const { id, kind, licence, blockNumber, parents } = artifact;
    const checkpoint =
      model !== undefined && id === model.link.checkpointId && kind === 'checkpoint-batch'
        ? [`used: ${short(model.link.checkpointHash)}`]
        : [];
    const details = [
      short(contentName(artifact)),
      ...checkpoint,
      licence === '' ? 'no licence' : clip(printable(licence)),
      contributorsOf(artifact),
      `artifact ${short(id)}, block ${blockNumber}`,
    ];
    nodes.push({ id, kind, title: TITLES[kind], details, parents });
  }
  return nodes;
}

function contributorsOf({ contributors }: Artifact): string {
  const shown = contributors.slice(0, 3).map(({ account }) => short(account));
  return `by ${shown.join(', ')}${contributors.length > 3 ? ` and ${contributors.length - 3} more` : ''}`;
}

/** Identifiers are told apart by their ends. */
function short(text: string): string {
  return text.length <= 20 ? text : `${text.slice(0, 10)}…${text.slice(-6)}`;
}

/** Longest licence shown, in characters. */
const LICENCE_LENGTH = 48;

function clip(text: string): string {
  const characters = [...text];
  return characters.length <= LICENCE_LENGTH ? text : `${characters.slice(0, LICENCE_LENGTH - 1).join('')}…`;
}

/** Control, format, surrogate, private-use and line-separating characters replaced. */
function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
