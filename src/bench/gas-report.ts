/** The gas measurements as Markdown, and what they cost in dollars at stated prices. */
import { markdownTable } from './document.js';
import type { TransactionGas } from './gas-attest.js';
import type { LedgerGas } from './gas-ledger.js';
import type { VerifyGas } from './gas-verify.js';

/** What a unit of gas is taken to cost; a chain's own fee for publishing calldata (rollups) is not in it. */
export interface Prices {
  readonly dollarsPerEther: number;
  readonly mainnetGwei: number;
  readonly rollupGwei: number;
}

export interface GasReport {
  readonly evm: string;
  readonly prices: Prices;
  readonly verifyProof: readonly VerifyGas[];
  readonly transactions: readonly TransactionGas[];
  /** Empty where there was no build to measure with. */
  readonly batchProofs: readonly BatchProofGas[];
  /** Likewise. */
  readonly ledger: readonly LedgerGas[];
}

/** One proof of many rows. */
export interface BatchProofGas {
  readonly name: string;
  readonly rows: number;
  /** What is public of a row. */
  readonly output: 'scores' | 'class';
  readonly gas: TransactionGas;
}

export function dollars(gas: number, gwei: number, prices: Prices): number {
  return gas * gwei * 1e-9 * prices.dollarsPerEther;
}

export function markdown(report: GasReport): string {
  const { prices, transactions } = report;
  const largest = transactions.map(({ batches }) => batches.at(-1)!);
  const sections = [
    `Measured by \`npm run gas\` on ${report.evm}. Execution gas of \`verifyProof\` (a transaction's base and calldata left out):`,
    markdownTable(
      ['public signals', 'zkinfer', 'snarkjs', 'precompiles alone', 'with the calls to them', 'zkinfer above these'],
      report.verifyProof.map((row) => [
        row.signals,
        row.zkinfer,
        row.snarkjs,
        row.precompiles,
        row.withCalls,
        row.zkinfer - row.withCalls,
      ]),
    ),
    'Whole transactions:',
    markdownTable(
      ['', ...transactions.map(({ name, signals }) => `${name} (${signals} signals)`)],
      (
        [
          ['deploy the verifier', 'deployVerifier'],
          ['register the model', 'registerModel'],
          ['`verifyProof`', 'verifyProof'],
          ['`verifyInference` (ERC-7992)', 'verifyInference'],
          ['`attest`', 'attest'],
          ['`verifyAndStoreInference` (ERC-7992)', 'store'],
        ] as const
      ).map(([label, field]) => [label, ...transactions.map((one) => one[field])]),
    ),
    'Batches, gas for each attestation (in brackets: `verifyBatch` alone, for each proof):',
    markdownTable(
      ['batch size', ...transactions.map(({ name }) => name)],
      transactions[0].batches.map(({ size }, i) => [
        size,
        ...transactions.map(({ batches }) => `${grouped(batches[i].perAttestation)} (${grouped(batches[i].perProof)})`),
      ]),
    ),
    ...(report.batchProofs.length === 0 ? [] : batchSections(report.batchProofs)),
    ...(report.ledger.length === 0 ? [] : ['The integrity ledger, whole transactions:', ledgerTable(report.ledger)]),
    `One attestation in dollars, at ${prices.dollarsPerEther} $ an ether, ${prices.mainnetGwei} gwei on mainnet and ` +
      `${prices.rollupGwei} gwei on a rollup (without the rollup's own fee for publishing calldata):`,
    markdownTable(
      ['', ...transactions.map(({ name }) => name)],
      (
        [
          ['mainnet, alone', prices.mainnetGwei, (i: number) => transactions[i].attest],
          [`mainnet, in a batch of ${largest[0].size}`, prices.mainnetGwei, (i: number) => largest[i].perAttestation],
          ['rollup, alone', prices.rollupGwei, (i: number) => transactions[i].attest],
          [`rollup, in a batch of ${largest[0].size}`, prices.rollupGwei, (i: number) => largest[i].perAttestation],
        ] as const
      ).map(([label, gwei, gas]) => [
        label,
        ...transactions.map((_, i) => `${dollars(gas(i), gwei, prices).toPrecision(2)} $`),
      ]),
    ),
  ];
  return sections.join('\n\n');
}

function batchSections(proofs: readonly BatchProofGas[]): string[] {
  const perRow = (gas: number, rows: number): number => Math.ceil(gas / rows);
  return [
    `One proof of many rows ([batches](batches.md)), gas for each row: execution of \`verifyProof\`, its whole transaction, and a transaction of \`attest\`:`,
    markdownTable(
      ['', 'rows', 'public of each', 'signals', 'execution', '`verifyProof`', '`attest`', 'deploy the verifier, once'],
      proofs.map(({ name, rows, output, gas }) => [
        name,
        rows,
        output,
        gas.signals,
        perRow(gas.execution, rows),
        perRow(gas.verifyProof, rows),
        perRow(gas.attest, rows),
        gas.deployVerifier,
      ]),
    ),
  ];
}

function ledgerTable(rows: readonly LedgerGas[]): string {
  return markdownTable(
    ['', 'gas', 'above the bare verification', 'limit'],
    rows.map(({ name, gas, over, limit }) => [name, gas, over === undefined ? '' : gas - over, limit ?? '']),
  );
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
