import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as snarkjs from 'snarkjs';
import { fails, zkinfer, zkinferJson } from '../cli/support/zkinfer.js';
import { fixtureFile } from '../fixtures-compiled.js';
import { temporaryFolder } from '../workflow/support/folders.js';

type Json = Record<string, unknown>;

const fixture = (file: string): string => fileURLToPath(fixtureFile('tabular', file));

describe('from an ONNX file to a contract, by commands', () => {
  let folder: string;
  let build: string;
  let proof: string;
  /** A number of the test's own: no contract is known yet that would take the proof. */
  const context = '170';

  before(() => {
    folder = temporaryFolder();
    build = path.join(folder, 'build');
    proof = path.join(build, 'proof.json');
  });
  after(() => (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate());

  const files = (): string[] => readdirSync(build).sort();

  it('inspect shows operators, shapes and what each layer will cost', async () => {
    const result = await zkinferJson<{
      supported: boolean;
      constraints: number;
      survey: { nodes: { op: string; supported: boolean }[] };
      layers: { constraints: number }[];
    }>(['inspect', fixture('model.onnx'), '--calibration', fixture('calibration.json')]);
    assert.equal(result.supported, true);
    assert.ok(result.survey.nodes.some(({ op, supported }) => op === 'Gemm' && supported));
    assert.equal(
      result.layers.reduce((sum, layer) => sum + layer.constraints, 0),
      result.constraints,
    );
  });

  it('compile writes the build and reports its size, its accuracy and its layers', async () => {
    const result = await zkinferJson(
      [
        'compile',
        fixture('model.onnx'),
        '--calibration',
        fixture('calibration.json'),
        '--scores',
        '--emit-circom',
        '--out',
        build,
      ],
      0,
      { ownProcess: true },
    );
    for (const key of ['constraints', 'wires', 'nonZeros', 'publicSignals', 'domainSize', 'seconds']) {
      assert.ok(typeof result[key] === 'number' && result[key] > 0, `${key}: ${String(result[key])}`);
    }
    const layers = result.layers as { name: string; constraints: number }[];
    assert.equal(
      layers.reduce((sum, layer) => sum + layer.constraints, 0),
      result.constraints,
    );
    const accuracy = result.accuracy as { classAgreement: number; maximumError: number; outputRange: number };
    assert.ok(
      accuracy.classAgreement > 0.97 && accuracy.maximumError < 0.05 * accuracy.outputRange,
      JSON.stringify(accuracy),
    );
    assert.deepEqual(files(), [
      'circuit.circom',
      'circuit.plan',
      'circuit.r1cs',
      'circuit.sym',
      'integer-model.json',
      'manifest.json',
    ]);
  });

  it('setup makes keys and says that they are for development', async () => {
    const result = await zkinferJson(['setup', build]);
    assert.equal(result.kind, 'development');
    assert.match(String(result.warning), /could forge proofs/);
    assert.ok(files().includes('proving.zkey') && files().includes('verification_key.json'));
  });

  it('prove writes a proof that snarkjs verifies, and tells no salt without --opening', async () => {
    const result = await zkinferJson<
      Json & { publicSignals: string[]; outputs: { class: number; integers: number[]; values: number[] }[] }
    >(['prove', build, '--input', fixture('input.json'), '--context', context], 0, { ownProcess: true });
    for (const key of ['proof', 'publicSignals', 'outputs', 'witnessSeconds', 'proveSeconds'])
      assert.ok(key in result, key);
    assert.ok(!JSON.stringify(result).includes('salt'));
    const { labels } = JSON.parse(readFileSync(fixture('input.json'), 'utf8')) as { labels: number[] };
    assert.equal(result.outputs[0].class, labels[0]);
    const key = JSON.parse(readFileSync(path.join(build, 'verification_key.json'), 'utf8')) as object;
    const written = JSON.parse(readFileSync(proof, 'utf8')) as object;
    assert.deepEqual(JSON.parse(readFileSync(path.join(build, 'public.json'), 'utf8')), result.publicSignals);
    assert.equal(await snarkjs.groth16.verify(key as never, result.publicSignals, written as never), true);
    assert.ok(!files().some((name) => /opening|witness|wtns/.test(name)));
  });

  it('prove --opening writes the salts, which open no earlier commitment', async () => {
    const [opening, other] = [path.join(folder, 'opening.json'), path.join(folder, 'other.json')];
    const { publicSignals } = await zkinferJson<{ publicSignals: string[] }>([
      'prove',
      build,
      '--input',
      fixture('input.json'),
      '--out',
      other,
      '--opening',
      opening,
    ]);
    const { salts } = JSON.parse(readFileSync(opening, 'utf8')) as { salts: { input: string } };
    assert.match(salts.input, /^\d+$/);
    const earlier = JSON.parse(readFileSync(path.join(build, 'public.json'), 'utf8')) as string[];
    assert.notEqual(earlier.at(-2), publicSignals.at(-2));
    for (const name of files()) assert.ok(!readFileSync(path.join(build, name)).includes(salts.input), name);
  });

  it('verify --opening says whether a proof is of an input', async () => {
    const [opening, other, wrong] = ['opening.json', 'other.json', 'wrong.json'].map((name) => path.join(folder, name));
    const args = ['verify', build, '--proof', other, '--opening', opening, '--input'];
    assert.deepEqual((await zkinferJson<Json & { opened: Json }>([...args, fixture('input.json')])).opened.input, true);
    const {
      input_data: [row],
    } = JSON.parse(readFileSync(fixture('input.json'), 'utf8')) as { input_data: number[][] };
    writeFileSync(wrong, JSON.stringify({ input_data: [row.map((value, i) => (i === 0 ? value * 1.1 : value))] }));
    const refused = await zkinferJson<Json & { opened: Json }>([...args, wrong], 1);
    assert.equal(refused.valid, true);
    assert.equal(refused.opened.input, false);
    const unasked = await zkinferJson<Json & { opened: Json; unchecked: string }>(
      ['verify', build, '--proof', other, '--input', fixture('input.json')],
      1,
    );
    assert.ok(unasked.opened.output === true && !('input' in unasked.opened));
    assert.match(unasked.unchecked, /NOT CHECKED.*--opening FILE/);
  });

  it('witness writes what snarkjs proves with, and verify takes its proof as the object that snarkjs gives', async () => {
    const file = path.join(folder, 'input.wtns');
    const result = await zkinferJson<Json & { publicSignals: string[] }>([
      'witness',
      build,
      '--input',
      fixture('input.json'),
      '--out',
      file,
    ]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const proved = await snarkjs.groth16.prove(path.join(build, 'proving.zkey'), file);
    assert.deepEqual(proved.publicSignals, result.publicSignals);
    const object = path.join(folder, 'object.json');
    // As PowerShell writes it: UTF-16 with a byte-order mark.
    writeFileSync(object, Buffer.from(`\ufeff${JSON.stringify(proved)}`, 'utf16le'));
    assert.equal((await zkinferJson(['verify', build, '--proof', object])).valid, true);
  });

  it('verify accepts the proof, and refuses it with exit code 1 once anything in it is changed', async () => {
    const valid = await zkinferJson<Json & { outputs: unknown[] }>(['verify', build, '--proof', proof]);
    assert.equal(valid.valid, true);
    assert.equal(valid.outputs.length, 1);
    const text = readFileSync(proof, 'utf8');
    const content = JSON.parse(text) as { publicSignals: string[]; pi_a: string[]; pi_c: string[] };
    const signals = content.publicSignals.map((signal, i) => (i === 0 ? String(BigInt(signal) + 1n) : signal));
    const changed = { ...content, publicSignals: signals };
    const swapped = { ...content, pi_a: content.pi_c };
    await Promise.all(
      [changed, swapped].map(async (forged, k) => {
        const at = path.join(folder, `forged-${k}.json`);
        writeFileSync(at, JSON.stringify(forged));
        assert.equal((await zkinferJson(['verify', build, '--proof', at], 1)).valid, false);
      }),
    );
  });

  it('solidity, deploy and submit: the contract accepts the proof and refuses a forged output', async () => {
    const { file, contract } = await zkinferJson(['solidity', build]);
    assert.match(readFileSync(String(file), 'utf8'), new RegExp(`contract ${String(contract)} `));
    const deployed = await zkinferJson(['deploy', build]);
    assert.match(String(deployed.address), /^0x[0-9a-fA-F]{40}$/);
    const accepted = await zkinferJson(['submit', build, '--proof', proof]);
    assert.equal(accepted.accepted, true);
    assert.match(String(accepted.transaction), /^0x[0-9a-f]{64}$/);
    assert.ok(Number(accepted.gasUsed) > 100_000 && Number(accepted.gasUsed) < 400_000, String(accepted.gasUsed));
    const forged = path.join(folder, 'forged-0.json');
    const refused = await zkinferJson(['submit', build, '--proof', forged], 1);
    assert.equal(refused.accepted, false);
  });

  it('a proof made after register is for the submitter at the attestations on that chain, and nobody attests with another', async () => {
    const { attestations, chainId } = await zkinferJson<{ attestations: string; chainId: number }>(['register', build]);
    const early = await zkinfer(['submit', build, '--proof', proof, '--json']);
    assert.equal(early.status, 1);
    assert.match(early.stdout + early.stderr, /CONTEXT_MISMATCH/);
    const made = path.join(folder, 'attest', 'proof.json');
    mkdirSync(path.dirname(made));
    const { boundTo } = await zkinferJson<{ boundTo: Json }>([
      'prove',
      build,
      '--input',
      fixture('input.json'),
      '--nonce',
      '7',
      '--out',
      made,
    ]);
    const { context: kept } = JSON.parse(readFileSync(made, 'utf8')) as { context: Json };
    assert.deepEqual(
      [boundTo.kind, kept.contract, kept.chainId, kept.nonce],
      ['account', attestations, String(chainId), '7'],
    );
    const foreign = path.join(path.dirname(made), 'foreign.json');
    await zkinferJson([
      'prove',
      build,
      '--input',
      fixture('input.json'),
      '--for',
      `0x${'00'.repeat(19)}aa`,
      '--out',
      foreign,
    ]);
    assert.match((await zkinfer(['submit', build, '--proof', foreign])).stderr, /made for|is for 0x0+aa/);
    const { attestation } = await zkinferJson<{ attestation: Json }>(['submit', build, '--proof', made]);
    assert.match(String(attestation.id), /^0x[0-9a-f]{64}$/);
  });

  it('register warns of a proof that nobody can have attested', async () => {
    await zkinferJson(['prove', build, '--input', fixture('input.json'), '--context', '0']);
    assert.deepEqual((await zkinferJson<Json & { foreignProof: Json }>(['register', build])).foreignProof, {
      kind: 'anybody',
    });
    await fails(['submit', build], 'ContextMismatchError', /bound to nobody.*prove again/s);
    const bound = await zkinferJson<Json & { boundTo: Json }>(['prove', build, '--input', fixture('input.json')]);
    assert.equal(bound.boundTo.account, '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
    assert.ok(!('foreignProof' in (await zkinferJson(['register', build]))));
  });

  it("run does it all in one go, gives every stage's seconds, and keeps the keys that it made before", async () => {
    const out = path.join(folder, 'run');
    const run = ['run', fixture('model.onnx'), '--input', fixture('input.json')];
    const options = ['--calibration', fixture('calibration.json'), '--out', out];
    const result = await zkinferJson<Json & { stages: Record<string, number>; submission: { accepted: boolean } }>([
      ...run,
      ...options,
    ]);
    const names = ['compile', 'setup', 'witness', 'prove', 'verify', 'solidity', 'deploy', 'submit', 'total'];
    assert.deepEqual(Object.keys(result.stages).sort(), [...names].sort());
    assert.ok(Object.values(result.stages).every((seconds) => seconds > 0));
    assert.equal(result.verified, true);
    assert.equal(result.submission.accepted, true);
    const key = readFileSync(path.join(out, 'verification_key.json'), 'utf8');
    const again = await zkinferJson<Json & { submission: { accepted: boolean } }>([...run, ...options]);
    assert.equal(again.submission.accepted, true);
    assert.equal(readFileSync(path.join(out, 'verification_key.json'), 'utf8'), key);
  });

  it('without --json, people get text, and nothing that looks like a progress bar when output is a file', async () => {
    const { stdout, stderr, status } = await zkinfer(['verify', build, '--proof', proof], { ownProcess: true });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^the proof is valid\noutput /);
    assert.ok(!`${stdout}${stderr}`.includes('\u001b['));
  });
});
