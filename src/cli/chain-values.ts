/** Values of options that name things on a chain, read without ethers, which takes long to load. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { InvalidArgumentError, type Command } from 'commander';

/** With checksum; a wrong checksum is refused, since it marks a wrong digit. */
export function address(text: string): string {
  if (!isAddress(text)) throw new InvalidArgumentError('give an address: 0x and 40 hex digits');
  return `0x${checksummed(text.slice(2))}`;
}

export function isAddress(text: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(text) && hasSoundChecksum(text.slice(2));
}

/** EIP-55: a letter is a capital where the same digit of the hash of the lower-case address is 8 or more. */
function checksummed(digits: string): string {
  const lower = digits.toLowerCase();
  const hash = bytesToHex(keccak_256(utf8ToBytes(lower)));
  return Array.from(lower, (digit, i) => (hash[i] >= '8' ? digit.toUpperCase() : digit)).join('');
}

/** An address whose letters are all small or all capital carries no checksum, and passes. */
function hasSoundChecksum(digits: string): boolean {
  return digits === digits.toLowerCase() || digits === digits.toUpperCase() || digits === checksummed(digits);
}

export function hash(text: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('give 32 bytes in hex, with 0x');
  return text.toLowerCase();
}

/** Says at the end of a command's help who signs. */
export function addSignerHelp(command: Command): Command {
  return command.addHelpText(
    'after',
    '\nThe signer comes from ZKINFER_PRIVATE_KEY, or from ZKINFER_KEYSTORE (a file) with ZKINFER_KEYSTORE_PASSWORD or\n' +
      'ZKINFER_KEYSTORE_PASSWORD_FILE; local chains have one of their own.',
  );
}
