import assert from 'node:assert/strict';
import { type Anvil, startAnvil } from '../../src/chain/anvil.js';
import { memoryJournal } from '../../src/chain/journal.js';
import { connect, type Rpc } from '../../src/chain/rpc.js';
import { developmentSigner } from '../../src/chain/signer.js';
import { type TransactionIntent, type Sender, sendOnce } from '../../src/chain/transactions.js';

describe('a chain without base fee', () => {
  let anvil: Anvil;
  let rpc: Rpc;

  before(async () => {
    anvil = await startAnvil({ hardfork: 'berlin' });
    rpc = await connect(anvil.url);
  });
  after(async () => {
    rpc.provider.destroy();
    await anvil.stop();
  });

  const transfer = (purpose: string): TransactionIntent => ({
    purpose,
    to: developmentSigner(1).address,
    data: '0x',
    value: 1n,
    action: 'a transfer',
    abis: [],
  });

  it('takes transactions at the gas price that its node names', async () => {
    assert.equal((await rpc.provider.getBlock('latest'))?.baseFeePerGas ?? null, null);
    const sender: Sender = { rpc, signer: developmentSigner(), journal: memoryJournal() };
    const receipt = await sendOnce(sender, transfer('once'));
    assert.equal(receipt.status, 1);
    const sent = await rpc.provider.getTransaction(receipt.hash);
    assert.equal(sent?.type, 0);
    assert.equal(sent?.chainId, 31337n);
    assert.equal((await sendOnce(sender, transfer('once'))).hash, receipt.hash);
    assert.equal(await rpc.provider.getTransactionCount(sender.signer.address), 1);
  });

  it('gets a transaction that is on its way again at a higher price, once, where the price has risen', async () => {
    const journal = memoryJournal();
    const sender: Sender = { rpc, signer: developmentSigner(2), journal, timeoutMs: 1500 };
    await rpc.provider.send('evm_setAutomine', [false]);
    const price = BigInt((await rpc.provider.send('eth_gasPrice', [])) as string);
    try {
      await assert.rejects(sendOnce(sender, transfer('dearer')), { name: 'TransactionPendingError' });
      await rpc.provider.send('anvil_setMinGasPrice', [`0x${(price * 4n).toString(16)}`]);
      await assert.rejects(sendOnce(sender, transfer('dearer')), { name: 'TransactionPendingError' });
    } finally {
      await rpc.provider.send('evm_setAutomine', [true]);
    }
    await rpc.provider.send('evm_mine', []);
    const receipt = await sendOnce({ ...sender, timeoutMs: 30_000 }, transfer('dearer'));
    assert.equal(receipt.status, 1);
    assert.equal(await rpc.provider.getTransactionCount(sender.signer.address), 1);
    assert.ok(receipt.gasPrice >= 4n * price, `${receipt.gasPrice} offered, ${price} before the rise`);
  });
});
