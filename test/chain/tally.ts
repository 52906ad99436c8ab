/** A contract without any replay protection, so that a transaction sent twice shows: it counts calls by key. */
import { ContractFactory, Interface } from 'ethers';
import solc from 'solc';
import { developmentSigner, type Signer } from '../../src/chain/signer.js';
import type { Rpc } from '../../src/chain/rpc.js';

const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;
contract Tally {
    error Closed(uint256 key);
    mapping(uint256 key => uint256 calls) public count;
    bool public closed;
    function add(uint256 key) external {
        if (closed) revert Closed(key);
        ++count[key];
    }
    function close() external { closed = true; }
}`;

let compiled: { abi: Interface; bytecode: string } | undefined;

function compileTally(): { abi: Interface; bytecode: string } {
  if (compiled) return compiled;
  const input = {
    language: 'Solidity',
    sources: { 'Tally.sol': { content: SOURCE } },
    settings: { outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const contract = output.contracts['Tally.sol'].Tally;
  return (compiled = { abi: new Interface(contract.abi), bytecode: `0x${contract.evm.bytecode.object}` });
}

export interface Tally {
  readonly address: string;
  readonly abi: Interface;
  count(key: number): Promise<number>;
}

/** Deploys a Tally straight to the node behind `rpc`. */
export async function deployTally(rpc: Rpc, signer: Signer = developmentSigner(9)): Promise<Tally> {
  const { abi, bytecode } = compileTally();
  const contract = await new ContractFactory(abi, bytecode, signer.connect(rpc.provider)).deploy();
  await contract.waitForDeployment();
  const address = await contract.getAddress();
  return {
    address,
    abi,
    count: async (key) => {
      const data = await rpc.provider.call({ to: address, data: abi.encodeFunctionData('count', [key]) });
      return Number(data);
    },
  };
}
