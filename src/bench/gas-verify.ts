/**
 * Execution gas of `verifyProof` by number of public signals: the generated verifier beside snarkjs's, same keys, same
 * proofs, same compiler and settings, same node.
 *
 * The trap: a receipt's gas is that of the transaction. Execution gas is what remains after its base and its calldata
 * (Ethereum yellow paper, g_0; EIP-2028), and says how good the contract is.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { getBytes } from 'ethers';
import { deployContract } from '../chain/deploy.js';
import { memoryJournal } from '../chain/journal.js';
import type { Rpc } from '../chain/rpc.js';
import { developmentSigner } from '../chain/signer.js';
import { type Sender, sendOnce } from '../chain/transactions.js';
import { verifyOnChain, verifyProofData } from '../chain/verifier.js';
import type { VerificationKey } from '../groth16/types.js';
import { compileSolidity, renderVerifier } from '../solidity/index.js';
import type { SignalCircuit } from './signal-circuit.js';
import { signalLayout } from './signal-layout.js';

export interface VerifyGas {
  readonly signals: number;
  readonly zkinfer: number;
  readonly snarkjs: number;
  /** What the precompiles alone charge: 181,000 + 6,150 for each signal (EIP-1108). */
  readonly precompiles: number;
  /** And the calls to them, one and two for each signal, at 100 each (EIP-2929). */
  readonly withCalls: number;
}

/** Gas of a transaction beyond its base and calldata. */
export function executionGas(gasUsed: number, data: string): number {
  const bytes = getBytes(data);
  const zeros = bytes.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  return gasUsed - 21_000 - 4 * zeros - 16 * (bytes.length - zeros);
}

/**
 * Gas limit of a transaction to `verifyProof`, which must be computed: snarkjs's verifier answers false when it
 * starves, so an estimate is the least gas with which it says no. Base, calldata without a zero byte, the precompiles'
 * price (EIP-1108: 181,000 + 6,150 for each signal), and a fifth more of all for the code around them. What is left
 * over is not charged.
 */
function verifyProofGas(signals: number): bigint {
  return BigInt(Math.ceil(1.2 * (21_000 + 16 * (4 + 32 * (8 + signals)) + 181_000 + 6_150 * signals)));
}

export async function measureVerifyProof(
  rpc: Rpc,
  circuit: SignalCircuit,
  counts: readonly number[],
): Promise<VerifyGas[]> {
  const sender: Sender = { rpc, signer: developmentSigner(), journal: memoryJournal() };
  const template = await readFile(snarkjsTemplate(), 'utf8');
  const ours: Record<string, string> = {};
  const theirs: Record<string, string> = {};
  for (const n of counts) {
    const key = circuit.keyFor(n);
    ours[`Zkinfer${n}.sol`] = renderVerifier(key, signalLayout(`signals-${n}`, n), { contractName: `Zkinfer${n}` });
    theirs[`Snarkjs${n}.sol`] = renderSnarkjs(template, key, `Snarkjs${n}`);
  }
  const [own, peer] = await Promise.all([compileSolidity(ours), compileSolidity(theirs)]);
  const compiled = { ...own, ...peer };
  const rows: VerifyGas[] = [];
  for (const n of counts) {
    const { proof, publicSignals } = await circuit.prove(
      Array.from({ length: n }, (_, i) => 2n ** 250n + BigInt(i) ** 30n),
    );
    const measure = async (name: string) => {
      const { address } = await deployContract(sender, compiled[name], `deploying ${name}`);
      const gas = verifyProofGas(n);
      if (!(await verifyOnChain(rpc, address, proof, publicSignals))) throw new Error(`${name} refuses a valid proof`);
      const data = verifyProofData(proof, publicSignals);
      const receipt = await sendOnce(sender, {
        purpose: name,
        to: address,
        data,
        action: `calling ${name}`,
        abis: [],
        gas,
      });
      return executionGas(Number(receipt.gasUsed), data);
    };
    rows.push({
      signals: n,
      zkinfer: await measure(`Zkinfer${n}`),
      snarkjs: await measure(`Snarkjs${n}`),
      precompiles: 181_000 + 6_150 * n,
      withCalls: 181_100 + 6_350 * n,
    });
  }
  return rows;
}

const require = createRequire(import.meta.url);

/** snarkjs's own template, read from the installed package: it is GPL and no part of this one. */
function snarkjsTemplate(): string {
  return require.resolve('snarkjs').replace(/build[/\\][^/\\]*$/, 'templates/verifier_groth16.sol.ejs');
}

function renderSnarkjs(template: string, key: VerificationKey, name: string): string {
  const ejs = require('ejs') as { render(template: string, data: unknown): string };
  return ejs.render(template, key).replace(/contract Groth16Verifier\b/, `contract ${name}`);
}
