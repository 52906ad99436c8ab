/**
 * `node --import tsx scripts/make-contract-fixtures.mjs` makes `verifier-contracts/test/fixtures/scorer.json`: the key
 * of `scorer.circom` and real proofs by snarkjs, which the forge suite verifies. Run again only when the circuit
 * changes; the file is committed. Half a minute.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as snarkjs from 'snarkjs';
import { contextFor } from '../src/solidity/context.ts';
import { ATTESTATIONS, CHAIN_ID, PAYOUT, PROVER } from '../test/solidity/forge-addresses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = join(root, 'verifier-contracts/test/fixtures');
// circom2 sees files below its working directory only.
const folder = mkdtempSync(join(root, '.contract-fixtures-'));
/** How many proofs for which contract; the nonces count from 1. */
const COUNTS = [
  [ATTESTATIONS, 32],
  [PAYOUT, 2],
];

try {
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/circom2/cli.js'),
      'verifier-contracts/test/fixtures/scorer.circom',
      '--r1cs',
      '--wasm',
      '--O2',
      '-l',
      'node_modules',
      '-o',
      folder.slice(root.length),
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const at = (name) => join(folder, name);
  const curve = await snarkjs.curves.getCurveFromName('bn128');
  await snarkjs.powersOfTau.newAccumulator(curve, 10, at('0.ptau'));
  await snarkjs.powersOfTau.contribute(at('0.ptau'), at('1.ptau'), 'fixture', randomBytes(32).toString('hex'));
  await snarkjs.powersOfTau.preparePhase2(at('1.ptau'), at('2.ptau'));
  if ((await snarkjs.zKey.newZKey(at('scorer.r1cs'), at('2.ptau'), at('0.zkey'))) === -1)
    throw new Error('The circuit outgrew 2^10.');
  await snarkjs.zKey.contribute(at('0.zkey'), at('1.zkey'), 'fixture', randomBytes(32).toString('hex'));
  const key = await snarkjs.zKey.exportVerificationKey(at('1.zkey'));

  const proofs = [];
  for (const contract of COUNTS.flatMap(([address, count]) => Array(count).fill(address))) {
    const nonce = proofs.filter((one) => one.contract === contract).length + 1;
    const input = {
      context: contextFor({ chainId: CHAIN_ID, contract, account: PROVER, nonce }).toString(),
      pixels: [...randomBytes(4)],
      salt: BigInt(`0x${randomBytes(31).toString('hex')}`).toString(),
    };
    await snarkjs.wtns.calculate(input, at('scorer_js/scorer.wasm'), at('witness.wtns'));
    const { proof, publicSignals } = await snarkjs.groth16.prove(at('1.zkey'), at('witness.wtns'));
    if (!(await snarkjs.groth16.verify(key, publicSignals, proof)))
      throw new Error(`proof ${proofs.length} does not verify`);
    proofs.push({ contract, nonce, pixels: input.pixels, publicSignals, proof });
  }
  delete key.vk_alphabeta_12;
  writeFileSync(join(fixtures, 'scorer.json'), `${JSON.stringify({ key, proofs })}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  await globalThis.curve_bn128?.terminate();
}
