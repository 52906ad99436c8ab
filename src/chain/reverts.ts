/** Revert data to RevertedError, by the ABIs of every contract that may be in the call. */
import { AbiCoder, dataSlice, type ErrorFragment, Interface, isCallException, isHexString } from 'ethers';
import { RevertedError } from './errors.js';

/**
 * Decodes `data` against the custom errors of `abis` and Solidity's Error(string) and Panic(uint256). `transaction` is
 * the hash where one was mined.
 */
export function decodeRevert(
  data: string,
  abis: readonly Interface[],
  action: string,
  transaction?: string,
): RevertedError {
  for (const abi of abis) {
    const parsed = parse(abi, data);
    if (parsed) return new RevertedError(parsed.name, parsed.args, action, transaction);
  }
  const standard = parse(new Interface(['error Error(string message)', 'error Panic(uint256 code)']), data);
  if (standard) return new RevertedError(standard.name, standard.args, action, transaction);
  return new RevertedError('Unknown', { data }, action, transaction);
}

/** The revert data an ethers error carries, `0x` if the node gave none; undefined if the error is no revert. */
export function revertData(error: unknown): string | undefined {
  if (!isCallException(error)) return undefined;
  return isHexString(error.data) ? error.data : '0x';
}

function parse(abi: Interface, data: string): { name: string; args: Record<string, string> } | undefined {
  if (data.length < 10) return undefined;
  const fragment = abi.fragments.find(
    (one): one is ErrorFragment => one.type === 'error' && (one as ErrorFragment).selector === dataSlice(data, 0, 4),
  );
  if (!fragment) return undefined;
  try {
    const values = AbiCoder.defaultAbiCoder().decode(fragment.inputs, dataSlice(data, 4));
    return {
      name: fragment.name,
      args: Object.fromEntries(fragment.inputs.map((input, i) => [input.name || String(i), String(values[i])])),
    };
  } catch {
    return undefined; // Same selector, other layout: left to the next ABI.
  }
}
