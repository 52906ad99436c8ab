/**
 * The options that say what a proof is made for, which `prove` and `witness` share, and the context that they come to.
 */
import { Option, type Command } from 'commander';
import type { ProofBinding } from '../workflow/proof-context.js';
import { accountText, contextNumber, uint256, wholeNumber } from './options.js';

export interface BindingFlags {
  readonly context?: bigint;
  readonly for?: string;
  readonly contract?: string;
  readonly chainId?: number;
  readonly nonce?: bigint;
}

export function addBindingOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--for <account>',
        'account that alone may use the proof (default: the one that signs for submit)',
      ).argParser(accountText),
    )
    .addOption(
      new Option(
        '--contract <address>',
        'contract that takes the proof (default: the attestations on record, else the verifier)',
      ).argParser(accountText),
    )
    .addOption(new Option('--chain-id <n>', 'its chain (default: the one on record)').argParser(wholeNumber))
    .addOption(
      new Option('--nonce <n>', "tells the account's proofs for the contract apart (default: 0)").argParser(uint256),
    )
    .addOption(
      new Option(
        '--context <number>',
        'a context of your own instead, for a contract that gives it a meaning; 0: anybody',
      )
        .argParser(contextNumber)
        .conflicts(['for', 'contract', 'chainId', 'nonce']),
    );
}

/**
 * What the proof is made for, and its context; without binding where the context was given, or nothing to bind to is
 * known.
 */
export async function bindingOf(
  folder: string,
  flags: BindingFlags,
): Promise<{ readonly context: bigint; readonly binding?: ProofBinding }> {
  if (flags.context !== undefined) return { context: flags.context };
  const { for: account, contract, chainId, nonce } = flags;
  // Loaded when needed: what signs and what is on record take ethers along.
  const [{ proofBinding }, { contextFor }] = await Promise.all([
    import('../workflow/proof-binding.js'),
    import('../solidity/context.js'),
  ]);
  const binding = await proofBinding(folder, { account, contract, chainId, nonce });
  return binding === undefined ? { context: 0n } : { context: contextFor(binding), binding };
}
