/**
 * `npm run gas`: what verification and attestation cost, measured on a local anvil. Prints tables (`--json`: one JSON
 * value), writes `bench/results/gas.json` and the block `gas` of docs/gas.md. Transactions are
 * those of the build folders given as arguments; without any, of the fixtures where the native prover can make their
 * keys.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAnvil } from '../chain/anvil.js';
import { connect, type Rpc } from '../chain/rpc.js';
import { SOLIDITY_SETTINGS } from '../solidity/compile.js';
import type { RegistryContracts } from '../chain/registry.js';
import { chooseBackend } from '../groth16/backends.js';
import type { Groth16Backend } from '../groth16/types.js';
import { writeBlocks } from './document.js';
import { gasRegistry, type GasSubject, measureTransactions } from './gas-attest.js';
import { buildFixture, openSubject } from './gas-fixtures.js';
import { measureLedger } from './gas-ledger.js';
import { type BatchProofGas, type GasReport, markdown } from './gas-report.js';
import { measureVerifyProof } from './gas-verify.js';
import { endSnarkjs, readReport, saveReport } from './results.js';
import { setupSignalCircuit, type SignalCircuit } from './signal-circuit.js';
import { signalLayout } from './signal-layout.js';

const SIGNALS = Array.from({ length: 32 }, (_, i) => i + 1);
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64];
const FIXTURES = ['tabular', 'mnist-mlp', 'lenet5'];
/** Proofs of many rows, each of all its scores or of the class alone. */
const ROWS = 64;
const BATCHED = ['tabular', 'mnist-mlp'].flatMap((name) => [
  { name, proof: { batch: ROWS } },
  { name, proof: { batch: ROWS, classOnly: true, scores: true } },
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    /** Measures proofs of many rows alone, and keeps the other figures of the last report. */
    'rows-only': { type: 'boolean', default: false },
    'ether-price': { type: 'string', default: '3000' },
    'mainnet-gwei': { type: 'string', default: '2' },
    'rollup-gwei': { type: 'string', default: '0.01' },
  },
});

/** Ten scores of 20 bits in one word, the input's commitment and the context: an MNIST classifier's signals. */
function mnistSubject(circuit: SignalCircuit): GasSubject {
  return {
    manifest: signalLayout('10 public scores', 3, 10, 20),
    key: circuit.keyFor(3),
    prove: (context) => circuit.prove([2n ** 200n - 3n ** 120n, 2n ** 253n - context * 3n, context]),
  };
}

async function measureSubjects(
  rpc: Rpc,
  circuit: SignalCircuit,
): Promise<Pick<GasReport, 'transactions' | 'batchProofs' | 'ledger'>> {
  const contracts = await gasRegistry(rpc);
  const backend = chooseBackend('auto', (text) => console.error(text));
  const folder = await mkdtemp(join(tmpdir(), 'zkinfer-gas-'));
  const results = [await measureTransactions(rpc, contracts, mnistSubject(circuit), BATCH_SIZES)];
  try {
    const fixtures = positionals.length > 0 || backend.name !== 'native' ? [] : FIXTURES;
    const builds = [...positionals];
    for (const name of fixtures) builds.push(await buildFixture(name, folder, backend));
    for (const build of builds) {
      const subject = await openSubject(build, backend);
      results.push(await measureTransactions(rpc, contracts, subject, BATCH_SIZES));
      await subject.close();
    }
    return {
      transactions: results,
      batchProofs: fixtures.length === 0 ? [] : await measureBatchProofs(rpc, contracts, backend),
      ledger: builds.length === 0 ? [] : await measureLedger(rpc, builds[0], backend),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureBatchProofs(
  rpc: Rpc,
  contracts: RegistryContracts,
  backend: Groth16Backend,
): Promise<BatchProofGas[]> {
  const folder = await mkdtemp(join(tmpdir(), 'zkinfer-gas-'));
  const results: BatchProofGas[] = [];
  try {
    for (const { name, proof } of BATCHED) {
      const subject = await openSubject(await buildFixture(name, folder, backend, proof), backend);
      const gas = await measureTransactions(rpc, contracts, subject, [1]);
      results.push({ name, rows: ROWS, output: proof.classOnly ? 'class' : 'scores', gas });
      await subject.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return results;
}

async function measureAll(rpc: Rpc): Promise<Omit<GasReport, 'evm' | 'prices'>> {
  const circuit = await setupSignalCircuit(Math.max(...SIGNALS));
  try {
    return {
      verifyProof: await measureVerifyProof(rpc, circuit, SIGNALS),
      ...(await measureSubjects(rpc, circuit)),
    };
  } finally {
    await circuit.close();
  }
}

async function measureRows(rpc: Rpc): Promise<Omit<GasReport, 'evm' | 'prices'>> {
  const known = readReport('gas') as GasReport;
  const backend = chooseBackend('auto', (text) => console.error(text));
  return { ...known, batchProofs: await measureBatchProofs(rpc, await gasRegistry(rpc), backend) };
}

const anvil = await startAnvil();
try {
  const rpc = await connect(anvil.url);
  const version = (await rpc.provider.send('web3_clientVersion', [])) as string;
  const report: GasReport = {
    ...(await (values['rows-only'] ? measureRows(rpc) : measureAll(rpc))),
    evm: `${version}, solc for ${SOLIDITY_SETTINGS.evmVersion}`,
    prices: {
      dollarsPerEther: Number(values['ether-price']),
      mainnetGwei: Number(values['mainnet-gwei']),
      rollupGwei: Number(values['rollup-gwei']),
    },
  };
  const tables = markdown(report);
  saveReport('gas', report);
  await writeBlocks({ gas: tables });
  console.log(values.json ? JSON.stringify(report, null, 2) : tables);
} finally {
  await anvil.stop();
  await endSnarkjs();
}
