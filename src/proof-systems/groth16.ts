/**
 * Groth16 over BN254 (Groth, EUROCRYPT 2016), in the ecosystem's formats: `.zkey`, `proof.json`,
 * `verification_key.json`.
 */
import { domainPower } from '../groth16/domain.js';
import { requireFinishedKey } from '../groth16/finished-key.js';
import { proofFrom, verificationKeyFrom } from '../groth16/json.js';
import { PROTOCOL } from '../groth16/types.js';
import type { ProofSystem } from './proof-system.js';

export const groth16: ProofSystem = {
  name: PROTOCOL,
  title: 'Groth16',
  files: { provingKey: 'proving.zkey', unfinishedKey: 'unfinished.zkey', verificationKey: 'verification_key.json' },
  challenges: 0,
  domainSize: (circuit) => 2 ** domainPower(circuit),
  backend: async (choice, notice) => (await import('../groth16/backends.js')).chooseBackend(choice, notice),
  keyFrom: verificationKeyFrom,
  keyToJson: (key) => `${JSON.stringify(key, null, 1)}\n`,
  requireFinished: requireFinishedKey,
  keyShape: async (path) => (await import('../groth16/key-record.js')).requireFinishedZkey(path),
  requireSameKey: async (...args) => (await import('../groth16/key-record.js')).requireSameKey(...args),
  proofFrom,
  contract: async () => (await import('./groth16-contract.js')).groth16Contract,
};
