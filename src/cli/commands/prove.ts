/** `zkinfer prove`. */
import { basename, dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { isStream, ownStream, writeAtomic } from '../../atomic-file.js';
import { UsageError } from '../../errors.js';
import type { BackendChoice } from '../../groth16/backends.js';
import { readManifest } from '../../workflow/build-folder.js';
import { parseInput } from '../../workflow/input-json.js';
import { boundTo } from '../../workflow/proof-context.js';
import { contextFor } from '../../solidity/context.js';
import { openProver } from '../../workflow/prove.js';
import { proofToJson } from '../../workflow/proof-file.js';
import { readUserText } from '../files.js';
import { accountText, backendFor, backendOption, uint256, context, jsonOption, wholeNumber } from '../options.js';
import { printBoundTo, printOutputs, printSeconds } from '../print.js';
import { execute } from '../session.js';

interface Flags {
  readonly input: string;
  readonly out?: string;
  readonly context?: bigint;
  readonly for?: string;
  readonly contract?: string;
  readonly chainId?: number;
  readonly nonce?: bigint;
  readonly opening?: string;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .argument('<build>', 'build folder')
    .requiredOption('--input <file>', 'the input: {"input_data": [[...], ...]}')
    .option('--out <file>', 'proof to write; public.json goes beside it (default: proof.json in the build folder)')
    .addOption(new Option('--for <account>', 'account that alone may use the proof (default: the one that signs for submit)').argParser(accountText))
    .addOption(new Option('--contract <address>', 'contract that takes the proof (default: the attestations on record, else the verifier)').argParser(accountText))
    .addOption(new Option('--chain-id <n>', 'its chain (default: the one on record)').argParser(wholeNumber))
    .addOption(new Option('--nonce <n>', "tells the account's proofs for the contract apart (default: 0)").argParser(uint256))
    .addOption(
      new Option('--context <number>', 'a context of your own instead, for a contract that gives it a meaning; 0: anybody')
        .argParser(context)
        .conflicts(['for', 'contract', 'chainId', 'nonce']),
    )
    .option('--opening <file>', 'write the salts of the commitments here; whoever has them can check guesses of the input')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action(async (folder: string, flags: Flags) => {
      const out = flags.out ?? join(folder, 'proof.json');
      const publicPath = join(dirname(out), 'public.json');
      const toOutput = ownStream(out) === process.stdout;
      await execute(
        { ...flags, ...(toOutput ? { printTo: process.stderr } : {}) },
        async (session) => {
          if (toOutput && flags.json) throw new UsageError('--json prints its document on standard output; write the proof to a file');
          if (basename(out) === 'public.json') throw new UsageError('--out must not be named public.json: that file takes the public signals');
          const manifest = await readManifest(folder);
          const input = parseInput(await readUserText(flags.input, 'the input'), manifest.inputs, flags.input);
          const backend = backendFor(flags.backend, session);
          const binding = flags.context === undefined ? await bindingFor(folder, flags) : undefined;
          const bound = flags.context ?? (binding ? contextFor(binding) : 0n);
          const proved = await session.stage(`proving (${backend.name})`, async (update) => {
            update('loading the key');
            const prover = await openProver(folder, backend);
            try {
              return await prover.prove(input, {
                context: bound,
                signal: session.signal,
                onProgress: (share, stage) => update(`${stage} ${Math.round(100 * share)} %`),
              });
            } finally {
              await prover.close();
            }
          });
          const { salts, ...result } = proved;
          // The proof carries its public signals; beside a pipe or a device there is no place for another file.
          if (!(await isStream(out))) await writeAtomic(publicPath, [`${JSON.stringify(proved.publicSignals, null, 1)}\n`]);
          if (flags.opening !== undefined) await writeAtomic(flags.opening, [`${JSON.stringify({ salts }, null, 1)}\n`], 0o600);
          await writeAtomic(out, [proofToJson({ ...proved, ...(binding ? { binding } : {}) })]);
          return { result: { ...result, file: out, backend: backend.name, context: bound, boundTo: boundTo(bound, binding) }, ok: true };
        },
        (result) =>
          [
            printOutputs(result.outputs),
            `witness ${printSeconds(result.witnessSeconds)}, proof ${printSeconds(result.proveSeconds)} (${result.backend})`,
            printBoundTo(result.boundTo),
            `wrote ${result.file}`,
          ].join('\n'),
      );
    });
}

/** Loaded when needed: what signs and what is on record take ethers along. */
async function bindingFor(folder: string, { for: account, contract, chainId, nonce }: Flags) {
  const { proofBinding } = await import('../../workflow/proof-binding.js');
  return await proofBinding(folder, { account, contract, chainId, nonce });
}
