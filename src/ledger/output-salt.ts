/**
 * The salt of a hashed output, for an answer to a request of the market. One request has one right answer only if
 * everyone who computes it uses the same salt: the operator, after a restart too; whoever checks the answer; the asker,
 * who opens the commitment with it. All of them have the input's salt. HKDF (RFC 5869) with SHA-256 over it, and over
 * what the request is.
 *
 * The trap: the salt may depend only on what the input's commitment binds. A salt named in the input's document would
 * let an asker show one document to the operator and another to those who check, who would then dispute a right answer.
 */
import { hkdfSync } from 'node:crypto';
import { FIELD_MODULUS } from '../r1cs/types.js';

/** What an output's salt is for. */
export interface RequestName {
  readonly chainId: number;
  /** Address of the market. */
  readonly market: string;
  /** Decimal. */
  readonly requestId: string;
  /** 32 bytes, hex. */
  readonly inputCommitment: string;
}

const DOMAIN = 'zkinfer market output salt v1';

/**
 * `inputSalt`: the input commitment's, decimal, below the field's modulus. Returns the output commitment's, likewise.
 */
export function outputSaltOf(inputSalt: string, { chainId, market, requestId, inputCommitment }: RequestName): string {
  const key = Buffer.from(BigInt(inputSalt).toString(16).padStart(64, '0'), 'hex');
  const info = [chainId, market.toLowerCase(), requestId, inputCommitment.toLowerCase()].join(' ');
  // Twice as long as the field's elements: reduced, it is uniform up to 2^-256.
  const bytes = Buffer.from(hkdfSync('sha256', key, DOMAIN, info, 64));
  return String(BigInt(`0x${bytes.toString('hex')}`) % FIELD_MODULUS);
}
