/**
 * The smallest circuit with n public signals, and real keys and proofs for it. What a verifier costs depends on its
 * public signals only, never on the circuit behind them, so this is enough to measure it.
 *
 * One setup serves every smaller number too: with the last signals zero their points drop out of the verification
 * equation (Groth 2016, section 3.2), so the key without these points verifies the same proof.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend } from '../groth16/backends.js';
import type { Groth16Backend, LoadedKey, ProofAndSignals, VerificationKey } from '../groth16/types.js';
import { R1csBuilder } from '../r1cs/builder.js';
import { encodeR1cs } from '../r1cs/r1cs-file.js';
import { witnessBytes, witnessOf } from '../r1cs/witness.js';

export interface SignalCircuit {
  /** Key for the first `signals` signals. */
  keyFor(signals: number): VerificationKey;
  /** Proof for these signals, as many as the circuit has or fewer. */
  prove(signals: readonly bigint[]): Promise<ProofAndSignals>;
  close(): Promise<void>;
}

/** Sets up the circuit whose constraints are s_i * s_i = w_i for public s_1 .. s_n. */
export async function setupSignalCircuit(
  signals: number,
  backend: Groth16Backend = chooseBackend('auto', () => undefined),
): Promise<SignalCircuit> {
  const builder = new R1csBuilder();
  const one = builder.coefficients.idOf(1);
  for (let i = 1; i <= signals; i++) {
    builder.a.push(i, one);
    builder.b.push(i, one);
    builder.c.push(signals + i, one);
    builder.endConstraint();
  }
  const system = builder.finish({
    wireCount: 2 * signals + 1,
    publicOutputCount: 0,
    publicInputCount: signals,
    privateInputCount: 0,
  });
  const folder = await mkdtemp(join(tmpdir(), 'zkinfer-signals-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(join(folder, 'circuit.r1cs'), encodeR1cs(system));
    const zkey = join(folder, 'circuit.zkey');
    const key = await backend.setup(join(folder, 'circuit.r1cs'), zkey);
    return circuitOver(signals, key, await backend.loadKey(zkey), removeFolder);
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

function circuitOver(
  total: number,
  key: VerificationKey,
  loaded: LoadedKey,
  removeFolder: () => Promise<void>,
): SignalCircuit {
  return {
    keyFor: (signals) => {
      const { vk_alphabeta_12: _, ...points } = key;
      return { ...points, nPublic: signals, IC: key.IC.slice(0, signals + 1) };
    },
    prove: async (signals) => {
      const all = [...signals, ...Array<bigint>(total - signals.length).fill(0n)];
      const witness = witnessBytes(witnessOf([1n, ...all, ...all.map((s) => s * s)]));
      const { proof, publicSignals } = await loaded.prove(witness);
      return { proof, publicSignals: publicSignals.slice(0, signals.length) };
    },
    close: async () => {
      await loaded.close();
      await removeFolder();
    },
  };
}
