import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZeroAddress, ZeroHash } from 'ethers';
import { RecordError } from '../../src/chain/index.js';
import type { MarketRequest } from '../../src/ledger/index.js';
import { fetchInput, InputUnavailableError, OperatorRunningError, storeInput } from '../../src/operator/index.js';
import { openJournal } from '../../src/operator/journal.js';
import { ownFolder } from '../../src/operator/ownership.js';
import { whyDecline } from '../../src/operator/policy.js';
import { nextStep, type Standing } from '../../src/operator/steps.js';

const ME = '0x00000000000000000000000000000000000000A1';
const OTHER = '0x00000000000000000000000000000000000000b2';

function request(over: Partial<MarketRequest> = {}): MarketRequest {
  return {
    id: 1n, asker: OTHER, deadline: 1_000, window: 60, mode: 'proved', status: 'open', operator: ZeroAddress, due: 0, verifier: OTHER, bond: 10n, fee: 1_000n,
    operatorBps: 7_000, token: ZeroAddress, modelId: 1n, version: 1, inputCommitment: ZeroHash, outputHash: ZeroHash, challenger: ZeroAddress, licenceId: 0n, watcher: ZeroAddress, ...over,
  };
}

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zkinfer-parts-'));
});

after(() => rm(folder, { recursive: true, force: true }));

describe('what an operator does next', () => {
  const standing: Standing = { me: ME, now: 500, direct: false, watches: 'paid', tried: false };
  const cases: readonly [string, Partial<MarketRequest>, Partial<Standing>, string][] = [
    ['takes an open request', {}, {}, 'take'],
    ['answers an open proved request at once where it need not take it', {}, { direct: true }, 'answerProved'],
    ['takes an optimistic request in any case', { mode: 'optimistic' }, { direct: true }, 'take'],
    ['leaves a request whose deadline has passed', { deadline: 499 }, {}, 'leave'],
    ['does not take twice what it failed at', {}, { tried: true }, 'leave'],
    ['answers what it took with a proof', { status: 'taken', operator: ME, due: 560 }, {}, 'answerProved'],
    ['answers what it took without one in optimistic mode', { status: 'taken', operator: ME, due: 560, mode: 'optimistic' }, {}, 'answerOptimistic'],
    ['does not answer when it is too late', { status: 'taken', operator: ME, due: 499 }, {}, 'leave'],
    ["waits for another's answer", { status: 'taken', operator: OTHER, due: 560 }, {}, 'wait'],
    ['takes over from one who is late', { status: 'taken', operator: OTHER, due: 499 }, {}, 'take'],
    ["checks another's answer while it can be disputed, if it is the watcher", { status: 'answered', operator: OTHER, due: 560, watcher: ME }, {}, 'check'],
    ['checks an answer to its own question', { status: 'answered', operator: OTHER, due: 560, asker: ME }, {}, 'check'],
    ['leaves an answer alone whose bond would be others’', { status: 'answered', operator: OTHER, due: 560 }, {}, 'leave'],
    ['checks every answer if it was told to', { status: 'answered', operator: OTHER, due: 560 }, { watches: 'everything' }, 'check'],
    ["leaves another's answer alone if it does not watch", { status: 'answered', operator: OTHER, due: 560, watcher: ME }, { watches: 'nothing' }, 'leave'],
    ['waits while its own answer can be disputed', { status: 'answered', operator: ME, due: 560 }, {}, 'wait'],
    ['finalizes its own answer afterwards', { status: 'answered', operator: ME, due: 499 }, {}, 'finalize'],
    ['defends its disputed answer', { status: 'disputed', operator: ME, due: 560, challenger: OTHER }, {}, 'defend'],
    ['waits for the proof of an answer it disputes', { status: 'disputed', operator: OTHER, due: 560, challenger: ME }, {}, 'wait'],
    ['slashes the operator whose proof did not come', { status: 'disputed', operator: OTHER, due: 499, challenger: ME }, {}, 'slash'],
    ['is done with an accepted request', { status: 'accepted', operator: ME }, {}, 'leave'],
  ];
  for (const [title, over, at, step] of cases) it(title, () => assert.equal(nextStep(request(over), { ...standing, ...at }).do, step));
});

describe('whether a request is worth it', () => {
  const load = { open: 0, queued: 0, secondsPerProof: 1, secondsPerBlock: 2, gasPrice: 0n, stake: 1_000n, freeStake: 100n };
  const policy = { minProfit: 100n, tokens: new Map([[OTHER, 50n]]), maxBond: 500n, capacity: 2 };

  it('is taken where it pays and there is room', () => assert.equal(whyDecline(request(), false, policy, load), undefined));
  it('is declined by a busy operator', () => assert.equal(whyDecline(request(), false, policy, { ...load, open: 2 }), 'busy'));
  it('counts only the operator’s part of the fee', () => assert.equal(whyDecline(request({ fee: 142n }), false, policy, load), 'pays too little'));
  it('subtracts gas', () => assert.equal(whyDecline(request(), false, policy, { ...load, gasPrice: 1n }), 'pays too little'));
  it('wants tokens it knows only', () => {
    assert.equal(whyDecline(request({ token: ME }), false, policy, load), 'token not accepted');
    assert.equal(whyDecline(request({ token: OTHER }), false, policy, load), undefined);
  });
  it('needs free stake to take, and none to answer directly', () => {
    assert.equal(whyDecline(request(), false, policy, { ...load, freeStake: 9n }), 'not enough free stake');
    assert.equal(whyDecline(request(), true, policy, { ...load, freeStake: 0n }), undefined);
  });
  it('must leave time for the proofs before it', () => assert.equal(whyDecline(request({ window: 20 }), false, policy, { ...load, queued: 20 }), 'window too short'));
});

describe('the journal of an operator', () => {
  const identity = { genesis: ZeroHash, market: OTHER, operator: ME };

  it('has its duties and its place again after a restart, without a half-written last line', async () => {
    const path = join(folder, 'a.jsonl');
    const journal = await openJournal(path, identity);
    await journal.begin({ id: 5n, role: 'operator', uri: 'sha256:x', terms: '0x05' });
    await journal.begin({ id: 6n, role: 'challenger', uri: 'sha256:y', terms: '0x06' });
    await journal.end(5n, 'paid');
    await journal.advance(41);
    await journal.close();
    await appendFile(path, '{"kind":"close","id":"6","outc');
    const again = await openJournal(path, identity);
    assert.deepEqual([...again.duties.keys()], [6n]);
    assert.equal(again.duties.get(6n)!.role, 'challenger');
    assert.equal(again.cursor, 41);
    await again.close();
    assert.ok(!(await readFile(path, 'utf8')).includes('outc"'));
  });

  it('refuses the journal of another chain, and one that is damaged', async () => {
    const path = join(folder, 'b.jsonl');
    await (await openJournal(path, identity)).close();
    await assert.rejects(openJournal(path, { ...identity, genesis: `0x${'1'.repeat(64)}` }), RecordError);
    await writeFile(path, 'not a journal\n');
    await assert.rejects(openJournal(path, identity), RecordError);
  });

  it('is worked on by one process at a time, and free again at once', async () => {
    const release = await ownFolder(folder);
    await assert.rejects(ownFolder(folder), OperatorRunningError);
    await release();
    await (await ownFolder(folder))();
  });
});

describe('the inputs of requests', () => {
  let server: Server;
  let base: string;
  let served: string;
  let asked: string[];

  before(async () => {
    served = '';
    asked = [];
    server = createServer((incoming, response) => {
      asked.push(incoming.url!);
      if (incoming.url!.startsWith('/away')) response.writeHead(302, { location: '/inputs/x' }).end();
      else response.end(served);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => new Promise((resolve) => server.close(resolve)));

  it('come from the folder by their hash, and are hashed again', async () => {
    const uri = await storeInput(folder, '{"input_data":[[1]]}');
    assert.equal(await fetchInput({ folder }, uri), '{"input_data":[[1]]}');
    await writeFile(join(folder, `${uri.slice(7)}.json`), '{"input_data":[[2]]}');
    await assert.rejects(fetchInput({ folder }, uri), InputUnavailableError);
  });

  it('come from an HTTP place by their hash, and are hashed again', async () => {
    const uri = await storeInput(join(folder, 'elsewhere'), 'right');
    served = 'right';
    assert.equal(await fetchInput({ bases: [`${base}/inputs`] }, uri), 'right');
    served = 'wrong';
    await assert.rejects(fetchInput({ bases: [`${base}/inputs`] }, uri), InputUnavailableError);
  });

  it('are not fetched from where a stranger points, nor by a redirect or a path that climbs', async () => {
    asked = [];
    for (const uri of [`${base}/secret`, `${base}/inputs/../secret`, 'file:///etc/passwd', 'http://169.254.169.254/latest', 'nonsense']) {
      await assert.rejects(fetchInput({ folder, bases: [`${base}/inputs`] }, uri), InputUnavailableError);
    }
    assert.deepEqual(asked, []);
    await assert.rejects(fetchInput({ bases: [`${base}/away`] }, `${base}/away/x`), InputUnavailableError);
  });
});
