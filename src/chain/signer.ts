/**
 * Who signs: a private key in the environment or a keystore file (Web3 Secret Storage, what geth and Foundry write),
 * never a command-line argument, which other users of the machine can read in the process list.
 *
 * The trap: key material must reach no message, log or file; errors below name variables and files, never their
 * contents.
 */
import { readFile } from 'node:fs/promises';
import { type BaseWallet, getAddress, HDNodeWallet, isKeystoreJson, Mnemonic, Wallet } from 'ethers';
import { SignerError } from './errors.js';
import { decodeText } from '../user-json.js';
import { isLocalChain } from './rpc.js';

export type Signer = BaseWallet;

/** The mnemonic anvil and hardhat fund on every fresh chain; public, so worth nothing anywhere else. */
const DEVELOPMENT_MNEMONIC = `${'test '.repeat(11)}junk`;

/** Anvil's funded account number `index`, for local chains only. */
export function developmentSigner(index = 0): Signer {
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEVELOPMENT_MNEMONIC), `m/44'/60'/0'/0/${index}`);
}

/**
 * The signer that `environment` names: ZKINFER_PRIVATE_KEY, or ZKINFER_KEYSTORE (a file) with ZKINFER_KEYSTORE_PASSWORD
 * or ZKINFER_KEYSTORE_PASSWORD_FILE. With none of them: anvil's development account on a local chain, SignerError on
 * any other.
 */
export async function resolveSigner(chainId: number, environment: NodeJS.ProcessEnv = process.env): Promise<Signer> {
  const { ZKINFER_PRIVATE_KEY: privateKey, ZKINFER_KEYSTORE: keystore } = environment;
  if (privateKey && keystore) {
    throw new SignerError('ZKINFER_PRIVATE_KEY and ZKINFER_KEYSTORE are both set; unset one of them');
  }
  if (privateKey) return fromPrivateKey(privateKey);
  if (keystore) return fromKeystore(keystore, await keystorePassword(environment));
  if (isLocalChain(chainId)) return developmentSigner();
  throw new SignerError(
    `no signer for chain ${chainId}: set ZKINFER_PRIVATE_KEY, or ZKINFER_KEYSTORE and ZKINFER_KEYSTORE_PASSWORD ` +
      '(the development key is used on local chains only)',
  );
}

/** The address a proof is made for when none is named: the environment's signer, or anvil's development account. */
export async function defaultProver(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const given = environment.ZKINFER_PRIVATE_KEY || environment.ZKINFER_KEYSTORE;
  if (environment.ZKINFER_KEYSTORE && !environment.ZKINFER_PRIVATE_KEY) {
    const written = await keystoreAddress(environment.ZKINFER_KEYSTORE);
    if (written !== undefined) return written;
  }
  return (given ? await resolveSigner(0, environment) : developmentSigner()).address;
}

function fromPrivateKey(text: string): Signer {
  const hex = text.trim().replace(/^0x/i, '');
  if (!/^[0-9a-fA-F]{64}$/.test(hex)) {
    throw new SignerError(
      'ZKINFER_PRIVATE_KEY is not a private key: 32 bytes in hex, with or without 0x, are expected',
    );
  }
  try {
    return new Wallet(`0x${hex}`);
  } catch {
    // Zero or not below the curve's order; the cause would repeat the key.
    throw new SignerError('ZKINFER_PRIVATE_KEY is outside the range of secp256k1 private keys');
  }
}

async function fromKeystore(path: string, password: string): Promise<Signer> {
  const json = decodeText(
    await readFile(path).catch((cause) => {
      throw new SignerError(`the keystore ${path} (ZKINFER_KEYSTORE) cannot be read`, { cause });
    }),
  );
  if (!isKeystoreJson(json)) throw new SignerError(`${path} (ZKINFER_KEYSTORE) is not a version 3 keystore file`);
  try {
    return await Wallet.fromEncryptedJson(json, password);
  } catch {
    throw new SignerError(`the keystore ${path} cannot be decrypted; check the password`);
  }
}

/** The address that a keystore file names in clear, which most do: proving needs no password. */
async function keystoreAddress(path: string): Promise<string | undefined> {
  try {
    const { address } = JSON.parse(decodeText(await readFile(path))) as { address?: unknown };
    return typeof address === 'string' ? getAddress(`0x${address.replace(/^0x/, '')}`) : undefined;
  } catch {
    return undefined;
  }
}

async function keystorePassword(environment: NodeJS.ProcessEnv): Promise<string> {
  const { ZKINFER_KEYSTORE_PASSWORD: password, ZKINFER_KEYSTORE_PASSWORD_FILE: file } = environment;
  if (password !== undefined) return password;
  if (!file) {
    throw new SignerError(
      'ZKINFER_KEYSTORE is set; set ZKINFER_KEYSTORE_PASSWORD or ZKINFER_KEYSTORE_PASSWORD_FILE too',
    );
  }
  const text = decodeText(
    await readFile(file).catch((cause) => {
      throw new SignerError(`the password file ${file} (ZKINFER_KEYSTORE_PASSWORD_FILE) cannot be read`, { cause });
    }),
  );
  return text.replace(/\r?\n$/, '');
}
