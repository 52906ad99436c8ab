/** Values of options that name things on a chain. Apart from `options.ts`, since ethers takes long to load. */
import { getAddress, isHexString } from 'ethers';
import { InvalidArgumentError, type Command } from 'commander';

/** With checksum; a wrong checksum is refused, since it marks a wrong digit. */
export function address(text: string): string {
  try {
    if (!text.startsWith('0x')) throw new Error('an address of another form');
    return getAddress(text);
  } catch {
    throw new InvalidArgumentError('give an address: 0x and 40 hex digits');
  }
}

export function hash(text: string): string {
  if (!isHexString(text, 32)) throw new InvalidArgumentError('give 32 bytes in hex, with 0x');
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
