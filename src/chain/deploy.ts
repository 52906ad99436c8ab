/**
 * Contracts from creation code. A deployment asked for twice (same code, same sender, same chain) gives the same
 * contract.
 */
import { AbiCoder, concat, type Interface, keccak256 } from 'ethers';
import { type Sender, sendOnce } from './transactions.js';

/** What a Solidity compiler gives for a contract: creation code, hex with 0x. */
export interface ContractArtifact {
  readonly bytecode: string;
}

export interface Deployed {
  /** With checksum. */
  readonly address: string;
  readonly transaction: string;
  readonly gasUsed: number;
  readonly blockNumber: number;
}

/** Deploys `artifact`; `constructorTypes` and `constructorValues` are its constructor's arguments. */
export async function deployContract(
  sender: Sender,
  artifact: ContractArtifact,
  action: string,
  constructorTypes: readonly string[] = [],
  constructorValues: readonly unknown[] = [],
  abis: readonly Interface[] = [],
): Promise<Deployed> {
  const data = concat([artifact.bytecode, AbiCoder.defaultAbiCoder().encode(constructorTypes, constructorValues)]);
  const receipt = await sendOnce(sender, { purpose: `deploy ${keccak256(data)}`, to: null, data, action, abis });
  return {
    address: receipt.contractAddress!,
    transaction: receipt.hash,
    gasUsed: Number(receipt.gasUsed),
    blockNumber: receipt.blockNumber,
  };
}
