/** `zkinfer submit`. */
import { Option, type Command } from 'commander';
import { addSendingOptions, proofOption, uint256, type SendingFlags } from '../options.js';
import { printBoundTo } from '../print.js';
import { readProof } from '../proof.js';
import { execute } from '../session.js';

interface Flags extends SendingFlags {
  readonly proof?: string;
  readonly public?: string;
  readonly nonce?: bigint;
}

export function define(command: Command): void {
  addSendingOptions(
    command
      .argument('<build>', 'build folder')
      .addOption(proofOption())
      .option('--public <file>', 'public signals, where the proof does not carry them')
      .addOption(
        new Option('--nonce <n>', "of the proof's context, where its file does not say it (default: 0)").argParser(
          uint256,
        ),
      ),
  ).action(async (folder: string, flags: Flags) => {
    await execute(
      flags,
      async (session) => {
        const { submitProof } = await import('../../workflow/contract.js');
        const proof = await readProof(folder, flags);
        const result = await session.stage('submitting the proof', () => submitProof(folder, proof, flags));
        return { result, ok: result.accepted };
      },
      (result) =>
        result.accepted
          ? [
              `accepted by ${result.contract}${result.alreadyAttested ? ' (attested before)' : ''}`,
              `transaction ${result.transaction}, ${result.gasUsed.toLocaleString('en-US')} gas`,
              ...(result.boundTo
                ? [`a verifier alone, which does not look at the context; the proof is ${printBoundTo(result.boundTo)}`]
                : []),
              ...(result.attestation ? [`attestation ${result.attestation.id}`] : []),
              ...result.notKnown.map((what) => `not known: ${what}`),
            ].join('\n')
          : `REFUSED by ${result.contract}: the proof does not show these public signals for this model`,
    );
  });
}
