/**
 * What can go wrong between a proof and an attestation, one class a cause. The trap: an RPC's error text is free text
 * and may hold the URL, whose path or user part is often an API key; no message here repeats a URL beyond its host.
 */
import { ZkinferError } from '../errors.js';

/** No usable answer from the RPC within its deadline, after retries. */
export class RpcUnreachableError extends ZkinferError {
  readonly code = 'RPC_UNREACHABLE';
  constructor(
    readonly host: string,
    readonly attempts: number,
    cause: unknown,
  ) {
    super(
      `no answer from the RPC at ${host} after ${attempts} attempt${attempts === 1 ? '' : 's'} (${causeText(cause)}); ` +
        'check the URL and that the node is running',
      { cause },
    );
  }
}

/** The RPC answered, with an error that is neither a revert nor one of the causes below. */
export class RpcResponseError extends ZkinferError {
  readonly code = 'RPC_RESPONSE';
}

/** The node's chain is not the one the deployment, or the caller, names. */
export class ChainMismatchError extends ZkinferError {
  readonly code = 'CHAIN_MISMATCH';
}

/** Nothing usable is deployed where the record or the caller says. */
export class NotDeployedError extends ZkinferError {
  readonly code = 'NOT_DEPLOYED';
}

/** The code at an address is not what this package compiles, whatever the contract says of itself. */
export class ForeignCodeError extends ZkinferError {
  readonly code = 'FOREIGN_CODE';
}

/** No signer was given, or the one given cannot be read. Never carries key material. */
export class SignerError extends ZkinferError {
  readonly code = 'SIGNER';
}

/** The node kept refusing the account's nonce after resynchronising. */
export class NonceError extends ZkinferError {
  readonly code = 'NONCE';
}

/** The account cannot pay value + gas limit * maximum fee. */
export class InsufficientFundsError extends ZkinferError {
  readonly code = 'INSUFFICIENT_FUNDS';
}

/** Sent, but without a receipt in time. Asking again resumes the same transaction; it is never sent as a second one. */
export class TransactionPendingError extends ZkinferError {
  readonly code = 'TRANSACTION_PENDING';
  constructor(
    readonly transaction: string,
    seconds: number,
  ) {
    super(
      `transaction ${transaction} has no receipt with the wanted confirmations after ${Math.round(seconds)} s; run the same ` +
        'command again to go on waiting for it (it will not be sent twice)',
    );
  }
}

/** A proof is made for another chain, contract, account or nonce than those it would be used with. */
export class ContextMismatchError extends ZkinferError {
  readonly code = 'CONTEXT_MISMATCH';
}

/** What to do about a custom error that a user can meet with nothing broken. */
const ADVICE: Readonly<Record<string, string>> = {
  AlreadyAttested: 'It is on record; see: zkinfer attestations',
  VerificationRefused_ModelDeprecated: "The model's owner has retired it, for good",
  ModelMismatch: 'The proof belongs to another model or version: prove with the build that is registered',
  InvalidProof:
    'The proof does not show this output for this input and context: of this chain, this contract, the account that sends it, and the nonce',
  NotModelOwner: "Send it from the model owner's account",
  ModelDeprecated: 'A retired model cannot be changed: register a new one',
};

/** A contract refused the call. `errorName` and `args` are its custom error's, decoded against the known interfaces. */
export class RevertedError extends ZkinferError {
  readonly code = 'REVERTED';
  constructor(
    /** Custom error's name, `Error` or `Panic` for Solidity's own, `Unknown` with the raw data in `args` otherwise. */
    readonly errorName: string,
    readonly args: Readonly<Record<string, string>>,
    readonly action: string,
    /** Hash, when the transaction was mined and reverted; absent when a simulation refused it before sending. */
    readonly transaction?: string,
  ) {
    const list = Object.entries(args)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ');
    const advice = ADVICE[errorName];
    super(
      `${action} was refused by the contract: ${errorName}(${list})` +
        (transaction === undefined ? '; nothing was sent' : `; transaction ${transaction}`) +
        (advice === undefined ? '' : `. ${advice}`),
    );
  }
}

/** The embedded anvil could not be found, started or restored. */
export class LocalNodeError extends ZkinferError {
  readonly code = 'LOCAL_NODE';
}

/** A file of this folder's making (deployment record, journal) does not have the form it was written in. */
export class RecordError extends ZkinferError {
  readonly code = 'RECORD';
}

/** Innermost message of an error chain, in one line; undici hides the reason (`ECONNREFUSED`) two causes deep. */
function causeText(cause: unknown): string {
  let current: unknown = cause;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (!(current instanceof Error)) return String(current);
  const code = (current as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : current.message.replaceAll(/https?:\/\/\S+/g, '<url>').split('\n')[0];
}
