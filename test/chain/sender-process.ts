/** Sends one request, as a process of its own: RPC, journal and request as JSON in the argument; prints the hash. */
import { fileJournal } from '../../src/chain/journal.js';
import { connect } from '../../src/chain/rpc.js';
import { resolveSigner } from '../../src/chain/signer.js';
import { sendOnce } from '../../src/chain/transactions.js';

const { url, journal, request } = JSON.parse(process.argv[2]);
const rpc = await connect(url);
const receipt = await sendOnce(
  { rpc, signer: await resolveSigner(rpc.chainId), journal: fileJournal(journal) },
  request,
);
console.log(receipt.hash);
rpc.provider.destroy();
