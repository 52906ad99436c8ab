import type { VerificationKey } from '../groth16/types.js';
import type { Manifest } from '../manifest.js';

/** The parts of a manifest that a verifier's model-aware layer is made of. */
export type VerifierManifest = Pick<Manifest, 'name' | 'modelHash' | 'circuitHash' | 'inputs' | 'outputs' | 'publicSignals'>;

export interface RenderOptions {
  /** Default: the model's name in CamelCase + `Verifier`. */
  readonly contractName?: string;
}

/** `mnist-mlp` → `MnistMlpVerifier`. */
export function contractName(modelName: string): string {
  const words = modelName.match(/[A-Za-z0-9]+/g) ?? [];
  const camel = words.map((w) => w[0].toUpperCase() + w.slice(1)).join('');
  return `${/^[A-Za-z]/.test(camel) ? camel : `Model${camel}`}Verifier`;
}

export declare function renderVerifier(key: VerificationKey, manifest: VerifierManifest, options?: RenderOptions): string;
