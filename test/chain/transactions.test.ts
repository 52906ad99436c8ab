import assert from 'node:assert/strict';
import { execFile as execFileCallback } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Transaction, Wallet } from 'ethers';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import {
  InsufficientFundsError,
  NonceError,
  RevertedError,
  RpcUnreachableError,
  TransactionPendingError,
} from '../../src/chain/errors.js';
import { fileJournal, type Journal, memoryJournal } from '../../src/chain/journal.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import { developmentSigner } from '../../src/chain/signer.js';
import { type TransactionIntent, type Sender, sendOnce } from '../../src/chain/transactions.js';
import { type Fault, seededRandom, startFaultProxy } from './fault-proxy.js';
import { deployTally, type Tally } from './tally.js';

const execFile = promisify(execFileCallback);
const SENDER_PROCESS = fileURLToPath(new URL('./sender-process.ts', import.meta.url));

describe('sending a transaction once', () => {
  let anvil: Anvil;
  let rpc: Rpc;
  let tally: Tally;
  let folder: string;
  let nextKey = 1;
  let nextAccount = 0;

  before(async () => {
    anvil = await startAnvil();
    rpc = await connect(anvil.url);
    tally = await deployTally(rpc);
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-chain-'));
  });

  after(async () => {
    rpc.provider.destroy();
    await anvil.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const add = (key: number): TransactionIntent => ({
    purpose: `add ${key}`,
    to: tally.address,
    data: tally.abi.encodeFunctionData('add', [key]),
    action: `adding ${key}`,
    abis: [tally.abi],
  });
  const sender = (over: Partial<Sender> = {}): Sender => ({
    rpc,
    signer: developmentSigner(nextAccount++ % 9),
    journal: memoryJournal(),
    timeoutMs: 20_000,
    ...over,
  });
  const journalFile = () => fileJournal(join(folder, `journal-${nextKey}.json`));

  /** A sender whose requests go through a proxy that breaks them by `plan`. */
  async function throughFaults(
    plan: (method: string, n: number) => Fault,
    work: (broken: Rpc) => Promise<void>,
    deadlineMs = 30_000,
  ) {
    let calm = true; // The chain id is asked before the trouble starts.
    const proxy = await startFaultProxy(anvil.url, (method, n) => (calm ? 'none' : plan(method, n)));
    try {
      const broken = await connect(proxy.url, { retry: { attemptTimeoutMs: 700, deadlineMs, backoffMs: 10 } });
      calm = false;
      await work(broken);
      broken.provider.destroy();
    } finally {
      await proxy.close();
    }
  }

  it('sends an intent asked for twice as one transaction', async () => {
    const key = nextKey++;
    const once = sender();
    const first = await sendOnce(once, add(key));
    const second = await sendOnce(once, add(key));
    assert.equal(second.hash, first.hash);
    assert.equal(await tally.count(key), 1);
  });

  it('sends an intent asked for by ten callers at the same moment as one transaction', async () => {
    const key = nextKey++;
    const once = sender({ journal: journalFile() });
    const receipts = await Promise.all(Array.from({ length: 10 }, () => sendOnce(once, add(key))));
    assert.equal(new Set(receipts.map((receipt) => receipt.hash)).size, 1);
    assert.equal(await tally.count(key), 1);
  });

  it('gives intents sent at the same moment a nonce each', async () => {
    const keys = Array.from({ length: 12 }, () => nextKey++);
    const once = sender();
    const receipts = await Promise.all(keys.map((key) => sendOnce(once, add(key))));
    assert.equal(new Set(receipts.map((receipt) => receipt.hash)).size, keys.length);
    assert.deepEqual(
      await Promise.all(keys.map((key) => tally.count(key))),
      keys.map(() => 1),
    );
  });

  for (const fault of ['loseAnswer', 'executedButNonceTooLow', 'stall', 'truncate', 'wrongId'] as const) {
    it(`counts once when the node executes the transaction and its answer is hit by ${fault}`, async () => {
      const key = nextKey++;
      await throughFaults(
        (method, n) => (method === 'eth_sendRawTransaction' && n === 0 ? fault : 'none'),
        async (broken) => {
          const receipt = await sendOnce(sender({ rpc: broken }), add(key));
          assert.equal(receipt.status, 1);
        },
      );
      assert.equal(await tally.count(key), 1);
    });
  }

  for (const fault of ['drop', 'nonceTooLow', 'unavailable', 'rateLimited'] as const) {
    it(`still gets through when the first broadcast meets ${fault}`, async () => {
      const key = nextKey++;
      await throughFaults(
        (method, n) => (method === 'eth_sendRawTransaction' && n === 0 ? fault : 'none'),
        async (broken) => void (await sendOnce(sender({ rpc: broken }), add(key))),
      );
      assert.equal(await tally.count(key), 1);
    });
  }

  it('counts each of 30 intents exactly once over an RPC that breaks a third of all requests in every way', async () => {
    const random = seededRandom(4);
    const faults: Fault[] = [
      'drop',
      'loseAnswer',
      'delay',
      'nonceTooLow',
      'executedButNonceTooLow',
      'unavailable',
      'rateLimited',
      'truncate',
      'wrongId',
    ];
    const keys = Array.from({ length: 30 }, () => nextKey++);
    await throughFaults(
      (method) => {
        if (random() > 1 / 3) return 'none';
        const fault = faults[Math.floor(random() * faults.length)];
        return fault.toLowerCase().includes('nonce') && method !== 'eth_sendRawTransaction' ? 'drop' : fault;
      },
      async (broken) => {
        const senders = [sender({ rpc: broken }), sender({ rpc: broken }), sender({ rpc: broken })];
        await Promise.all(keys.map((key, i) => sendOnce(senders[i % 3], add(key))));
      },
    );
    assert.deepEqual(
      await Promise.all(keys.map((key) => tally.count(key))),
      keys.map(() => 1),
    );
  });

  it('resumes after a crash between signing and sending', async () => {
    const key = nextKey++;
    const once = sender({ journal: journalFile() });
    await throughFaults(
      (method) => (method === 'eth_sendRawTransaction' ? 'drop' : 'none'),
      async (broken) => {
        await assert.rejects(sendOnce({ ...once, rpc: broken }, add(key)), RpcUnreachableError);
      },
      800,
    );
    assert.equal(await tally.count(key), 0);
    await sendOnce(once, add(key));
    assert.equal(await tally.count(key), 1);
  });

  it('resumes after a crash between sending and the receipt, without a second transaction', async () => {
    const key = nextKey++;
    const once = sender({ journal: journalFile() });
    const { provider } = rpc;
    const before = await provider.getTransactionCount(once.signer.address);
    await throughFaults(
      (method) =>
        method === 'eth_sendRawTransaction' ? 'loseAnswer' : method === 'eth_getTransactionReceipt' ? 'drop' : 'none',
      async (broken) => {
        await assert.rejects(sendOnce({ ...once, rpc: broken }, add(key)), RpcUnreachableError);
      },
      800,
    );
    const receipt = await sendOnce(once, add(key));
    assert.equal(receipt.status, 1);
    assert.equal(await tally.count(key), 1);
    assert.equal(await provider.getTransactionCount(once.signer.address), before + 1);
  });

  it('sends an intent asked for by two processes at the same moment as one transaction', async () => {
    const key = nextKey++;
    const { privateKey } = developmentSigner(0);
    const argument = JSON.stringify({
      url: anvil.url,
      journal: join(folder, 'shared.json'),
      request: { ...add(key), abis: [] },
    });
    const run = async () => {
      const child = execFile(process.execPath, ['--import', 'tsx', SENDER_PROCESS, argument], {
        env: { ...process.env, ZKINFER_PRIVATE_KEY: privateKey },
      });
      return (await child).stdout.trim();
    };
    const hashes = await Promise.all([run(), run()]);
    assert.match(hashes[0], /^0x[0-9a-f]{64}$/);
    assert.equal(hashes[1], hashes[0]);
    assert.equal(await tally.count(key), 1);
  });

  it('takes a new nonce when another program used the journalled one', async () => {
    const key = nextKey++;
    const journal = journalFile();
    const once = sender({ journal });
    await throughFaults(
      (method) => (method === 'eth_sendRawTransaction' ? 'drop' : 'none'),
      async (broken) => {
        await assert.rejects(sendOnce({ ...once, rpc: broken }, add(key)), RpcUnreachableError);
      },
      800,
    );
    await sendOnce({ ...once, journal: memoryJournal() }, add(nextKey++));
    await sendOnce(once, add(key));
    assert.equal(await tally.count(key), 1);
  });

  it('gives up with NonceError, in bounded time, on a node that refuses every nonce', async () => {
    const key = nextKey++;
    await throughFaults(
      (method) => (method === 'eth_sendRawTransaction' ? 'nonceTooLow' : 'none'),
      async (broken) => {
        await assert.rejects(sendOnce(sender({ rpc: broken, timeoutMs: 1_000 }), add(key)), NonceError);
      },
    );
    assert.equal(await tally.count(key), 0);
  });

  it('sends an intent again whose block was lost, though an earlier one of the account is never sent again', async () => {
    const [gone, kept] = [nextKey++, nextKey++];
    const once = sender();
    await sendOnce(once, add(gone));
    const { nonce } = (await rpc.provider.getTransaction((await sendOnce(once, add(kept))).hash))!;
    await rpc.provider.send('anvil_reorg', [2, []]);
    assert.deepEqual(await Promise.all([gone, kept].map((key) => tally.count(key))), [0, 0]);
    const receipt = await sendOnce(once, add(kept));
    assert.equal((await rpc.provider.getTransaction(receipt.hash))!.nonce, nonce);
    await sendOnce(once, add(gone));
    assert.deepEqual(await Promise.all([gone, kept].map((key) => tally.count(key))), [1, 1]);
  });

  it('waits for the confirmations asked for', async () => {
    const key = nextKey++;
    const patient = sender({ confirmations: 3 });
    const sending = sendOnce(patient, add(key));
    while ((await tally.count(key)) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await rpc.provider.send('anvil_mine', ['0x2']);
    const receipt = await sending;
    assert.ok((await rpc.provider.getBlockNumber()) - receipt.blockNumber + 1 >= 3);
  });

  it('names the custom error of a contract that would refuse, and sends nothing', async () => {
    const closed = await deployTally(rpc);
    const once = sender();
    const call = (name: string, args: unknown[]): TransactionIntent => ({
      ...add(7),
      to: closed.address,
      purpose: name,
      data: closed.abi.encodeFunctionData(name, args),
    });
    await sendOnce(once, call('close', []));
    const before = await rpc.provider.getTransactionCount(once.signer.address);
    await assert.rejects(sendOnce(once, call('add', [7])), (error) => {
      assert.ok(error instanceof RevertedError);
      assert.equal(error.errorName, 'Closed');
      assert.deepEqual(error.args, { key: '7' });
      return true;
    });
    assert.equal(await rpc.provider.getTransactionCount(once.signer.address), before);
  });

  it('names an account that cannot pay', async () => {
    const poor = sender({ signer: Wallet.createRandom() });
    await assert.rejects(sendOnce(poor, add(nextKey++)), InsufficientFundsError);
  });

  describe('on a chain that does not mine', () => {
    beforeEach(() => rpc.provider.send('evm_setAutomine', [false]));
    afterEach(async () => {
      await rpc.provider.send('evm_setAutomine', [true]);
      await rpc.provider.send('anvil_mine', ['0x1']);
    });

    it('reports a pending transaction by the same hash each time it is asked for, and finds it once it is mined', async () => {
      const key = nextKey++;
      const once = sender({ journal: journalFile(), timeoutMs: 500 });
      const pending = () =>
        sendOnce(once, add(key)).then(
          () => assert.fail('nothing was mined'),
          (refused: unknown) => refused,
        );
      const [error, again] = [await pending(), await pending()];
      assert.ok(error instanceof TransactionPendingError && again instanceof TransactionPendingError);
      assert.equal(again.transaction, error.transaction);
      await rpc.provider.send('anvil_mine', ['0x1']);
      const receipt = await sendOnce(once, add(key));
      assert.equal(receipt.hash, error.transaction);
      assert.equal(await tally.count(key), 1);
    });

    it('raises the fee at the same nonce when the base fee has overtaken a pending transaction', async () => {
      const key = nextKey++;
      const journal = journalFile();
      const sets: string[] = [];
      const watched: Journal = {
        update: async (intent, change) => {
          const signed = await journal.update(intent, change);
          if (signed?.raw) sets.push(signed.raw);
          return signed;
        },
      };
      const once = sender({ journal: watched, timeoutMs: 500 });
      await assert.rejects(sendOnce(once, add(key)), TransactionPendingError);
      const old = Transaction.from(sets[0]);
      await rpc.provider.send('anvil_setNextBlockBaseFeePerGas', [`0x${(old.maxFeePerGas! * 2n).toString(16)}`]);
      await rpc.provider.send('anvil_mine', ['0x1']);
      assert.equal(await tally.count(key), 0);
      await assert.rejects(sendOnce(once, add(key)), TransactionPendingError);
      const raised = Transaction.from(sets[1]);
      assert.equal(raised.nonce, old.nonce);
      assert.ok(raised.maxFeePerGas! > old.maxFeePerGas!);
      await rpc.provider.send('anvil_mine', ['0x1']);
      await sendOnce(once, add(key));
      assert.equal(await tally.count(key), 1);
    });
  });
});
