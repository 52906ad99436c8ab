/**
 * Whether registry and attestations contract are those of this package: by their code, as anybody can deploy a contract
 * that answers like them. Others may follow ERC-7992 as well, so they are not refused; what is then not known is said.
 */
import { getAddress } from 'ethers';
import { ATTESTATIONS_ABI } from './abi.js';
import { requireCode } from './code.js';
import { NotDeployedError } from './errors.js';
import { registryContracts } from './registry.js';
import type { Rpc } from './rpc.js';

/**
 * An address that the code holds as an immutable stands behind PUSH32, which in solc's output is 32 zeros; a plain zero
 * is PUSH0.
 */
const IMMUTABLE = /7f0{64}/g;

/** The registry that the attestations contract says it reads. @throws NotDeployedError where it names none */
export async function registryOf(rpc: Rpc, attestations: string): Promise<string> {
  await requireCode({ rpc }, attestations, 'attestations contract');
  try {
    const data = await rpc.provider.call({ to: attestations, data: ATTESTATIONS_ABI.encodeFunctionData('registry') });
    return ATTESTATIONS_ABI.decodeFunctionResult('registry', data)[0] as string;
  } catch (cause) {
    throw new NotDeployedError(
      `the contract at ${attestations} on chain ${rpc.chainId} names no registry; it is no attestations contract`,
      { cause },
    );
  }
}

/**
 * What is not known of contracts whose code is not this package's, a sentence each; none where all given are. Compiles
 * once for a machine.
 */
export async function unknownCode(
  rpc: Rpc,
  { registry, attestations }: { readonly registry: string; readonly attestations?: string },
): Promise<string[]> {
  const { ModelRegistry, ZKMLVerifier } = await registryContracts();
  const codeAt = async (address: string): Promise<string> => (await rpc.provider.getCode(address)).toLowerCase();
  const word = getAddress(registry).slice(2).toLowerCase().padStart(64, '0');
  const unknown: string[] = [];
  if ((await codeAt(registry)) !== ModelRegistry.deployedBytecode.toLowerCase()) {
    unknown.push(
      `whether the registry at ${registry} keeps models and their owners as this package's does: its code is another`,
    );
  }
  if (
    attestations !== undefined &&
    (await codeAt(attestations)) !== ZKMLVerifier.deployedBytecode.toLowerCase().replace(IMMUTABLE, `7f${word}`)
  ) {
    unknown.push(
      `whether the attestations contract at ${attestations} attests only what the model's verifier accepts: its code is not this package's, reading that registry`,
    );
  }
  return unknown;
}
