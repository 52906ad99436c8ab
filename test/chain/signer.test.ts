import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { encryptKeystoreJson, Wallet } from 'ethers';
import { SignerError } from '../../src/chain/errors.js';
import { defaultProver, resolveSigner } from '../../src/chain/signer.js';

const wallet = Wallet.createRandom();
const MAINNET = 1;

describe('the signer', () => {
  let folder: string;
  let keystore: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-signer-'));
    keystore = join(folder, 'keystore.json');
    const account = { address: wallet.address, privateKey: wallet.privateKey };
    // Scrypt with N = 2: a weak file is decrypted by the same code, at once.
    await writeFile(keystore, await encryptKeystoreJson(account, 'right', { scrypt: { N: 2, r: 1, p: 1 } }));
    await writeFile(join(folder, 'password'), 'right\n');
    await writeFile(join(folder, 'wrong-password'), 'wrong\n');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('comes from ZKINFER_PRIVATE_KEY, with or without 0x', async () => {
    for (const ZKINFER_PRIVATE_KEY of [wallet.privateKey, wallet.privateKey.slice(2)]) {
      assert.equal((await resolveSigner(MAINNET, { ZKINFER_PRIVATE_KEY })).address, wallet.address);
    }
  });

  it('comes from a keystore file with its password', async () => {
    const signer = await resolveSigner(MAINNET, { ZKINFER_KEYSTORE: keystore, ZKINFER_KEYSTORE_PASSWORD: 'right' });
    assert.equal(signer.address, wallet.address);
  });

  it('comes from a keystore file with a password file', async () => {
    const ZKINFER_KEYSTORE_PASSWORD_FILE = join(folder, 'password');
    const signer = await resolveSigner(MAINNET, { ZKINFER_KEYSTORE: keystore, ZKINFER_KEYSTORE_PASSWORD_FILE });
    assert.equal(signer.address, wallet.address);
  });

  it("is anvil's development account on a local chain when none is given", async () => {
    const { address } = await resolveSigner(31337, {});
    assert.equal(address, '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
  });

  it('is never the development account on a chain that is not local', async () => {
    for (const chainId of [1, 10, 137, 8453, 42161, 11155111]) {
      await assert.rejects(resolveSigner(chainId, {}), SignerError);
    }
  });

  it('names the account that proofs are for when nothing else does', async () => {
    assert.equal(await defaultProver({ ZKINFER_PRIVATE_KEY: wallet.privateKey }), wallet.address);
    assert.equal(await defaultProver({}), '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
  });

  const refusals: [string, () => NodeJS.ProcessEnv, RegExp][] = [
    ['a key of the wrong length', () => ({ ZKINFER_PRIVATE_KEY: `${wallet.privateKey}00` }), /not a private key/],
    [
      'a key that is not hex',
      () => ({ ZKINFER_PRIVATE_KEY: wallet.privateKey.replace(/.$/, 'x') }),
      /not a private key/,
    ],
    ['a key above the order of the curve', () => ({ ZKINFER_PRIVATE_KEY: 'f'.repeat(64) }), /outside the range/],
    ['two signers at once', () => ({ ZKINFER_PRIVATE_KEY: wallet.privateKey, ZKINFER_KEYSTORE: keystore }), /both set/],
    ['a keystore without password', () => ({ ZKINFER_KEYSTORE: keystore }), /ZKINFER_KEYSTORE_PASSWORD/],
    [
      'a missing keystore',
      () => ({ ZKINFER_KEYSTORE: join(folder, 'none'), ZKINFER_KEYSTORE_PASSWORD: 'right' }),
      /cannot be read/,
    ],
    [
      'a wrong password',
      () => ({ ZKINFER_KEYSTORE: keystore, ZKINFER_KEYSTORE_PASSWORD_FILE: join(folder, 'wrong-password') }),
      /cannot be decrypted/,
    ],
    [
      'a file that is no keystore',
      () => ({ ZKINFER_KEYSTORE: join(folder, 'password'), ZKINFER_KEYSTORE_PASSWORD: 'right' }),
      /not a version 3 keystore/,
    ],
  ];
  for (const [what, environment, message] of refusals) {
    it(`refuses ${what}, without repeating a secret`, async () => {
      await assert.rejects(resolveSigner(31337, environment()), (error) => {
        assert.ok(error instanceof SignerError);
        assert.match(error.message, message);
        const all = inspect(error, { depth: 10 });
        for (const secret of [wallet.privateKey.slice(2, 60), 'right', 'f'.repeat(64)]) {
          assert.ok(!all.includes(secret), `the error shows a secret: ${all}`);
        }
        return true;
      });
    });
  }
});
