/**
 * A contract that says of itself what a key's verifier says, and accepts everything, without a compiler: `vkHash()` and
 * `verificationKey()` are answered with the key's, every longer call with true.
 */
import { AbiCoder, id } from 'ethers';
import type { ContractArtifact } from '../../src/chain/index.js';
import type { VerificationKey } from '../../src/groth16/types.js';
import { keyWords, vkHash } from '../../src/solidity/index.js';

export function impostorFor(key: VerificationKey): ContractArtifact {
  const words = AbiCoder.defaultAbiCoder()
    .encode(['uint256[]'], [keyWords(key)])
    .slice(2);
  const two = (value: number): string => value.toString(16).padStart(4, '0');
  const runtime = [
    '36600410604a57', // CALLDATASIZE > 4: to 0x4a
    `5f3560e01c63${id('vkHash()').slice(2, 10)}14602257`, // selector of vkHash: to 0x22
    `61${two(words.length / 2)}61${two(0x53)}5f3961${two(words.length / 2)}5ff3`, // CODECOPY the words, RETURN
    `5b7f${vkHash(key).slice(2)}5f5260205ff3`, // 0x22: RETURN the hash
    '5b60015f5260205ff3', // 0x4a: RETURN 1
    words, // 0x53
  ].join('');
  return { bytecode: `0x61${two(runtime.length / 2)}80600a5f395ff3${runtime}` };
}
