import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZeroAddress, ZeroHash } from 'ethers';
import { RecordError } from '../../src/chain/index.js';
import { childEnvironment } from '../../src/child-environment.js';
import { chooseBackend } from '../../src/groth16/backends.js';
import { type MarketRequest, outputSaltOf, hashOfTerms } from '../../src/ledger/index.js';
import type { Manifest } from '../../src/manifest.js';
import { checkProofOfAnswer } from '../../src/operator/checked-proof.js';
import { startDownloads } from '../../src/operator/downloads.js';
import {
  fetchInput,
  type InputLimit,
  InputLimitError,
  InputUnavailableError,
  OperatorRunningError,
  ProofInvalidError,
  storeInput,
} from '../../src/operator/index.js';
import { limitsFor } from '../../src/operator/input-limits.js';
import type { Computed, Job } from '../../src/operator/jobs.js';
import { openKeptInputs } from '../../src/operator/kept-inputs.js';
import type { ServedModel } from '../../src/operator/served-models.js';
import { splitQueue } from '../../src/operator/split-queue.js';
import { openWorkbench, saltsOf } from '../../src/operator/workbench.js';
import { contextFor, vkHash } from '../../src/solidity/index.js';
import { readManifest } from '../../src/workflow/build-folder.js';
import { InputFormatError } from '../../src/workflow/input-json.js';
import { readVerificationKey } from '../../src/workflow/verify.js';
import { fixtureBuild } from './support/builds.js';
import { startInputServer } from './support/input-server.js';
import { openJournal } from '../../src/operator/journal.js';
import { ownFolder } from '../../src/operator/ownership.js';
import { whyDecline } from '../../src/operator/policy.js';
import { nextStep, type Standing } from '../../src/operator/steps.js';

const ME = '0x00000000000000000000000000000000000000A1';
const OTHER = '0x00000000000000000000000000000000000000b2';

function request(over: Partial<MarketRequest> = {}): MarketRequest {
  return {
    id: 1n,
    asker: OTHER,
    deadline: 1_000,
    window: 60,
    mode: 'proved',
    status: 'open',
    operator: ZeroAddress,
    due: 0,
    verifier: OTHER,
    bond: 10n,
    fee: 1_000n,
    operatorBps: 7_000,
    token: ZeroAddress,
    modelId: 1n,
    version: 1,
    inputCommitment: ZeroHash,
    outputHash: ZeroHash,
    challenger: ZeroAddress,
    licenceId: 0n,
    watcher: ZeroAddress,
    ...over,
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
    [
      'answers what it took without one in optimistic mode',
      { status: 'taken', operator: ME, due: 560, mode: 'optimistic' },
      {},
      'answerOptimistic',
    ],
    ['does not answer when it is too late', { status: 'taken', operator: ME, due: 499 }, {}, 'leave'],
    ["waits for another's answer", { status: 'taken', operator: OTHER, due: 560 }, {}, 'wait'],
    ['takes over from one who is late', { status: 'taken', operator: OTHER, due: 499 }, {}, 'take'],
    [
      "checks another's answer while it can be disputed, if it is the watcher",
      { status: 'answered', operator: OTHER, due: 560, watcher: ME },
      {},
      'check',
    ],
    ['checks an answer to its own question', { status: 'answered', operator: OTHER, due: 560, asker: ME }, {}, 'check'],
    [
      'leaves an answer alone whose bond would be others’',
      { status: 'answered', operator: OTHER, due: 560 },
      {},
      'leave',
    ],
    [
      'checks every answer if it was told to',
      { status: 'answered', operator: OTHER, due: 560 },
      { watches: 'everything' },
      'check',
    ],
    [
      "leaves another's answer alone if it does not watch",
      { status: 'answered', operator: OTHER, due: 560, watcher: ME },
      { watches: 'nothing' },
      'leave',
    ],
    ['waits while its own answer can be disputed', { status: 'answered', operator: ME, due: 560 }, {}, 'wait'],
    ['finalizes its own answer afterwards', { status: 'answered', operator: ME, due: 499 }, {}, 'finalize'],
    ['defends its disputed answer', { status: 'disputed', operator: ME, due: 560, challenger: OTHER }, {}, 'defend'],
    [
      'waits for the proof of an answer it disputes',
      { status: 'disputed', operator: OTHER, due: 560, challenger: ME },
      {},
      'wait',
    ],
    [
      'follows a dispute by another where it is the watcher: that one may be the liar itself',
      { status: 'disputed', operator: OTHER, due: 560, challenger: OTHER, watcher: ME },
      {},
      'follow',
    ],
    [
      'slashes as the watcher, whoever disputed',
      { status: 'disputed', operator: OTHER, due: 499, challenger: OTHER, watcher: ME },
      {},
      'slash',
    ],
    [
      'leaves the dispute of others alone',
      { status: 'disputed', operator: OTHER, due: 499, challenger: OTHER },
      {},
      'leave',
    ],
    [
      'slashes the operator whose proof did not come',
      { status: 'disputed', operator: OTHER, due: 499, challenger: ME },
      {},
      'slash',
    ],
    ['is done with an accepted request', { status: 'accepted', operator: ME }, {}, 'leave'],
  ];
  for (const [title, over, at, step] of cases)
    it(title, () => assert.equal(nextStep(request(over), { ...standing, ...at }).do, step));
});

describe('whether a request is worth it', () => {
  const load = {
    open: 0,
    queued: 0,
    secondsPerProof: 1,
    secondsPerBlock: 2,
    gasPrice: 0n,
    stake: 1_000n,
    freeStake: 100n,
  };
  const policy = { minProfit: 100n, tokens: new Map([[OTHER, 50n]]), maxBond: 500n, capacity: 2 };

  it('is taken where it pays and there is room', () =>
    assert.equal(whyDecline(request(), false, policy, load), undefined));
  it('is declined by a busy operator', () =>
    assert.equal(whyDecline(request(), false, policy, { ...load, open: 2 }), 'busy'));
  it('counts only the operator’s part of the fee', () =>
    assert.equal(whyDecline(request({ fee: 142n }), false, policy, load), 'pays too little'));
  it('subtracts gas', () =>
    assert.equal(whyDecline(request(), false, policy, { ...load, gasPrice: 1n }), 'pays too little'));
  it('wants tokens it knows only', () => {
    assert.equal(whyDecline(request({ token: ME }), false, policy, load), 'token not accepted');
    assert.equal(whyDecline(request({ token: OTHER }), false, policy, load), undefined);
  });
  it('needs free stake to take, and none to answer directly', () => {
    assert.equal(whyDecline(request(), false, policy, { ...load, freeStake: 9n }), 'not enough free stake');
    assert.equal(whyDecline(request(), true, policy, { ...load, freeStake: 0n }), undefined);
  });
  it('puts at risk no more than the policy allows, and never waits for a stake that it does not have', () => {
    assert.equal(whyDecline(request({ bond: 501n }), false, policy, { ...load, freeStake: 900n }), 'bond too large');
    assert.equal(whyDecline(request({ bond: 400n }), false, policy, { ...load, stake: 399n }), 'bond too large');
    assert.equal(whyDecline(request({ bond: 501n }), true, policy, load), undefined);
  });
  it('must leave time for the proofs before it', () =>
    assert.equal(whyDecline(request({ window: 20 }), false, policy, { ...load, queued: 20 }), 'window too short'));
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
    await (
      await ownFolder(folder)
    )();
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
    for (const uri of [
      `${base}/secret`,
      `${base}/inputs/../secret`,
      'file:///etc/passwd',
      'http://169.254.169.254/latest',
      'nonsense',
    ]) {
      await assert.rejects(fetchInput({ folder, bases: [`${base}/inputs`] }, uri), InputUnavailableError);
    }
    assert.deepEqual(asked, []);
    await assert.rejects(
      fetchInput({ bases: [`${base}/away`] }, `${base}/away/x`),
      (error) => error instanceof InputLimitError && error.limit === 'redirects',
    );
  });

  const limits = { bytes: 1_000, nesting: 5, elements: 100, seconds: 1, bytesPerSecond: 0 };
  const exceeds = (limit: InputLimit) => (error: unknown) => error instanceof InputLimitError && error.limit === limit;

  for (const [limit, text] of [
    ['bytes', ' '.repeat(1_001)],
    ['nesting', `${'['.repeat(6)}${']'.repeat(6)}`],
    ['nesting', '{"a":'.repeat(6)],
    ['elements', `[${'1,'.repeat(100)}1]`],
  ] as const) {
    it(`are refused by name where they have too many ${limit}, from the folder and from a server (${text.trim().slice(0, 4)}…)`, async () => {
      served = text;
      await assert.rejects(fetchInput({ bases: [base] }, `${base}/x`, limits), exceeds(limit));
      await assert.rejects(fetchInput({ folder }, await storeInput(folder, text), limits), exceeds(limit));
    });
  }

  it('count brackets and commas in texts as text', async () => {
    served = JSON.stringify({ input_data: [[1]], note: `${'[{,'.repeat(200)}"\\` });
    assert.equal(await fetchInput({ bases: [base] }, `${base}/x`, limits), served);
  });

  it('are given up where they come too slowly, or not within their time', async () => {
    const slow = await startInputServer(folder, new Set(['slow.json']));
    try {
      await assert.rejects(fetchInput({ bases: [slow.base] }, `${slow.base}/slow.json`, limits), exceeds('seconds'));
      const started = Date.now();
      await assert.rejects(
        fetchInput({ bases: [slow.base] }, `${slow.base}/slow.json`, { ...limits, seconds: 60, bytesPerSecond: 1_000 }),
        exceeds('rate'),
      );
      assert.ok(Date.now() - started < 30_000);
    } finally {
      await slow.close();
    }
  });

  it('may be as large as the inputs of the model, and not much larger', () => {
    const { bytes, elements } = limitsFor([{ shape: [1, 10] } as unknown as Manifest['inputs'][number]]);
    assert.ok(bytes >= 10 * 25 && bytes < 100_000, `${bytes} bytes`);
    assert.ok(elements >= 10 && elements < 2_000, `${elements} elements`);
  });
});

describe('downloads', () => {
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('take turns by asker, few of each at a time, and those that failed before come last', async () => {
    const downloads = startDownloads({ atOnce: 3, perAsker: 2, inAll: 100, inAllPerAsker: 50 });
    const started: string[] = [];
    const ends: (() => void)[] = [];
    const add = (asker: string, again: boolean, name: string): void =>
      void downloads.run(asker, again, () => (started.push(name), new Promise<void>((resolve) => ends.push(resolve))));
    for (let i = 0; i < 10; i++) add('flood', false, `flood ${i}`);
    add('again', true, 'again');
    add('honest', false, 'honest');
    await tick();
    assert.deepEqual(started, ['flood 0', 'flood 1', 'again']);
    add('honest', false, 'honest 2');
    ends[0]();
    await tick();
    await tick();
    assert.deepEqual(started.slice(3), ['honest']);
    while (ends.length > 0) {
      for (const end of ends.splice(0)) end();
      await tick();
      await tick();
    }
    assert.equal(started.length, 13);
  });

  it('are refused to an asker who has many, and admitted to others', async () => {
    const downloads = startDownloads({ atOnce: 1, perAsker: 1, inAll: 3, inAllPerAsker: 2 });
    const never = (): Promise<never> => new Promise(() => undefined);
    void downloads.run('flood', false, never);
    void downloads.run('flood', false, never);
    assert.equal(downloads.admits('flood'), false);
    assert.equal(downloads.admits('honest'), true);
    void downloads.run('honest', false, never);
    assert.equal(downloads.admits('another'), false);
  });
});

describe('the inputs of promised requests', () => {
  it('are on disk by request and terms, and leave it when the request is settled or was never promised', async () => {
    const place = join(folder, 'kept');
    const kept = await openKeptInputs(place, []);
    const [one, two] = [request({ id: 7n }), request({ id: 7n, bond: 11n })];
    await kept.keep(one, 'first');
    await kept.keep(two, 'second');
    assert.equal(await kept.find(one), 'first');
    assert.equal(await kept.find(two), 'second');
    await kept.drop({ id: 7n, terms: hashOfTerms(one) });
    assert.equal(await kept.find(one), undefined);
    await kept.keep(one, 'again');
    const after = await openKeptInputs(place, [{ id: 7n, terms: hashOfTerms(two) }]);
    assert.equal(await after.find(one), undefined);
    assert.equal(await after.find(two), 'second');
  });
});

describe('the environment of child processes', () => {
  it('is a list of what is passed on: no key, no password, nothing unknown', () => {
    const given = {
      PATH: '/bin',
      LC_ALL: 'C',
      ZKINFER_CACHE: '/c',
      ZKINFER_PRIVATE_KEY: 'k',
      ZKINFER_KEYSTORE_PASSWORD: 'p',
      AWS_SECRET_ACCESS_KEY: 's',
      LCX: 'x',
    };
    assert.deepEqual(childEnvironment(given), { PATH: '/bin', LC_ALL: 'C', ZKINFER_CACHE: '/c' });
  });
});

describe('the salts of a request', () => {
  const name = { chainId: 1, market: OTHER, requestId: '5', inputCommitment: ZeroHash };
  const hashed = { input: 'hashed', output: 'hashed' } as const;

  it("are the document's and one that follows from it and the request, the same for everybody", () => {
    const salts = saltsOf('{"salt":"12"}', hashed, name);
    assert.equal(saltsOf('{"salt":"012"}', hashed, name).output, salts.output);
    // Kept as a constant: operators of different releases must agree.
    assert.equal(salts.output, outputSaltOf('12', name));
    // Operators of different releases must agree on it.
    assert.equal(salts.output, '14010852969703115868467045761263437707342865423090992484525883226842257805187');
    const others = [
      { ...name, chainId: 2 },
      { ...name, market: ME },
      { ...name, requestId: '6' },
      { ...name, inputCommitment: `0x${'1'.repeat(64)}` },
    ];
    const all = [salts.output, outputSaltOf('13', name), ...others.map((other) => outputSaltOf('12', other))];
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(saltsOf('{"salt":"12"}', { input: 'hashed', output: 'public' }, name), { input: '12' });
  });

  it('are never made up: a document without its salt, or with one of its own for the output, is refused', () => {
    for (const document of [
      '{}',
      '{"salt":12}',
      '{"salt":"-1"}',
      `{"salt":"${'9'.repeat(78)}"}`,
      '{"salt":"12","outputSalt":"1"}',
    ]) {
      assert.throws(() => saltsOf(document, hashed, name), InputFormatError);
    }
    assert.throws(() => saltsOf('{}', { input: 'public', output: 'hashed' }, name), InputFormatError);
  });
});

describe('a proof from a queue', () => {
  let computed: Computed;
  let other: Computed;
  let model: ServedModel;
  const contextOf = (account: string): bigint => contextFor({ chainId: 1, contract: OTHER, account, nonce: 5n });
  const context = contextOf(ME);
  const backend = chooseBackend('auto', () => undefined);

  before(async () => {
    const build = await fixtureBuild('tabular');
    const bench = await openWorkbench([build.folder], backend);
    const key = await readVerificationKey(build.folder);
    const manifest = await readManifest(build.folder);
    model = { vkHash: vkHash(key), key, manifest, limits: limitsFor(manifest.inputs) };
    const document = JSON.stringify({ input_data: build.input.map((values) => Array.from(values)), salt: '5' });
    const job = {
      vkHash: model.vkHash,
      kind: 'prove' as const,
      document,
      request: { chainId: 1, market: OTHER, requestId: '5', inputCommitment: ZeroHash },
    };
    const run = async (of: bigint): Promise<Computed> =>
      ((await bench.run({ ...job, context: String(of) })) as { computed: Computed }).computed;
    [computed, other] = [await run(context), await run(contextOf(OTHER))];
    await bench.close();
  });

  const check = (given: Partial<Computed>, inputCommitment = computed.inputCommitment) =>
    checkProofOfAnswer(backend.verify, model, { ...computed, ...given }, { inputCommitment, context });

  it('is sent if it verifies, encoded here and not as the queue says', async () => {
    const { output, proof } = await check({ output: '0x1234' });
    assert.equal(output, computed.output);
    assert.ok(proof.length >= 2 + 2 * (4 + 8 * 32));
  });

  it('is refused where it is none, or is of another operator, input or circuit', async () => {
    const proved = computed.proved!;
    const signals = [...proved.publicSignals];
    signals[0] = String(BigInt(signals[0]) + 1n);
    await assert.rejects(check({ proved: { ...proved, publicSignals: signals } }), ProofInvalidError);
    await assert.rejects(
      check({ proved: { ...proved, proof: { ...proved.proof, pi_a: proved.proof.pi_c } } }),
      ProofInvalidError,
    );
    await assert.rejects(
      check({ proved: { ...proved, proof: { ...proved.proof, pi_b: 'nothing' as never } } }),
      ProofInvalidError,
    );
    await assert.rejects(check({ proved: { ...proved, publicSignals: signals.slice(1) } }), ProofInvalidError);
    await assert.rejects(check({ proved: undefined }), ProofInvalidError);
    await assert.rejects(check({ proved: other.proved }), ProofInvalidError);
    await assert.rejects(check({}, `0x${'2'.repeat(64)}`), ProofInvalidError);
  });

  it('is asked of the queue alone: outputs, which nothing could verify, are computed on this machine', async () => {
    const asked: string[] = [];
    const queue = (where: string) => ({
      run: (job: Job) => (asked.push(`${where} ${job.kind}`), Promise.resolve({ refused: where })),
      size: 1,
      close: () => Promise.resolve(),
    });
    const split = splitQueue(queue('here'), queue('elsewhere'));
    for (const kind of ['compute', 'prove'] as const) await split.run({ kind } as Job);
    assert.deepEqual(asked, ['here compute', 'elsewhere prove']);
    assert.equal(split.size, 2);
  });
});
