/** Anvil's funded accounts as the people of a story, and the local chain they share. */
import { connect, developmentSigner, memoryJournal, type Rpc, type Sender, startAnvil } from '../chain/index.js';

const PEOPLE = ['operator', 'owner', 'asker', 'rival', 'curator', 'trainer'] as const;
export type Person = (typeof PEOPLE)[number];

export interface ScenarioChain {
  readonly rpc: Rpc;
  readonly url: string;
  readonly people: Readonly<Record<Person, Sender>>;
  /** Moves the chain's clock and mines a block. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A fresh local chain. The operator has the account that `zkinfer operator` uses on local chains when no key is set.
 */
export async function openScenarioChain(): Promise<ScenarioChain> {
  const anvil = await startAnvil();
  const rpc = await connect(anvil.url);
  const journal = memoryJournal();
  const people = Object.fromEntries(
    PEOPLE.map((name, i) => [name, { rpc, signer: developmentSigner(i), journal, timeoutMs: 60_000 }]),
  ) as unknown as Record<Person, Sender>;
  return {
    rpc,
    url: anvil.url,
    people,
    async pass(seconds) {
      await rpc.provider.send('evm_increaseTime', [seconds]);
      await rpc.provider.send('evm_mine', []);
    },
    async close() {
      rpc.provider.destroy();
      await anvil.stop();
    },
  };
}
