import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { auditBuild, type Audit, type FindingVerdict } from '../../src/workflow/audit.js';
import { addToBuild, hashFile, readManifest, writeBuild, writeManifest } from '../../src/workflow/build-folder.js';
import { buildFiles, compileOnnx } from '../../src/workflow/compile.js';
import { deployBuild, registerBuild, writeVerifier } from '../../src/workflow/contract.js';
import { setupBuild } from '../../src/workflow/setup.js';
import { startAnvil, type Anvil } from '../../src/chain/index.js';
import { backend, temporaryFolder } from './support/folders.js';
import { toyModel } from './support/toy.js';

const ROWS = [[Float64Array.of(0.5, -0.25)], [Float64Array.of(-1, 1)], [Float64Array.of(0.1, 0.9)]];
const CALIBRATION = {
  text: JSON.stringify({ input_data: ROWS.map(([row]) => Array.from(row)) }),
  name: 'calibration.json',
};

const verdictOf = ({ findings }: Audit, subject: string): FindingVerdict[] =>
  findings.filter((finding) => finding.subject === subject).map(({ verdict }) => verdict);

describe('an audit', () => {
  let folder: string;
  const whole = { onnx: toyModel(), calibration: CALIBRATION };
  /** With gadgets that the first audit of them compiled. */
  const again = { ...whole, gadgetFolders: [temporaryFolder()] };

  /** A copy of the build for each test that spoils one. */
  function copyOf(build: string): string {
    const at = path.join(temporaryFolder(), 'copy');
    cpSync(build, at, { recursive: true });
    return at;
  }

  async function makeBuild(): Promise<string> {
    const at = path.join(temporaryFolder(), 'toy');
    const compiled = await compileOnnx(toyModel(), { name: 'toy', calibration: ROWS, activationBits: 7 });
    await writeBuild(at, compiled.manifest, buildFiles(compiled));
    await setupBuild(at, backend());
    await writeVerifier(at);
    return at;
  }

  /** Writes a file of the build and makes the manifest's hash fit, as whoever made the folder could. */
  async function spoil(at: string, name: string, change: (text: string) => string): Promise<void> {
    const file = path.join(at, name);
    const before = readFileSync(file, 'latin1');
    const after = change(before);
    assert.notEqual(after, before);
    writeFileSync(file, after, 'latin1');
    const manifest = await readManifest(at);
    await writeManifest(at, { ...manifest, files: { ...manifest.files, [name]: await hashFile(file) } });
  }

  before(async () => {
    folder = await makeBuild();
  });

  it('establishes files, circuit, model, key and contract from the ONNX file and the recorded options', async () => {
    const audit = await auditBuild(folder, whole);
    assert.equal(audit.sound, true, JSON.stringify(audit.findings));
    for (const subject of ['files', 'circuit', 'wires', 'model file', 'calibration', 'verification key', 'contract']) {
      assert.deepEqual(verdictOf(audit, subject), ['established'], subject);
    }
    assert.deepEqual(verdictOf(audit, 'model'), ['established']);
    assert.deepEqual(verdictOf(audit, 'keys'), ['open']);
    assert.ok(audit.findings.some(({ verdict, subject }) => verdict === 'never' && subject === 'key maker'));
  });

  it('says what it could not look at, and what it needs', async () => {
    const audit = await auditBuild(folder);
    assert.equal(audit.sound, true);
    assert.deepEqual(verdictOf(audit, 'model'), ['open']);
    const { findings } = await auditBuild(folder, { onnx: toyModel() });
    assert.match(
      findings.find(({ subject, verdict }) => subject === 'model' && verdict === 'open')!.detail,
      /--calibration/,
    );
  });

  it('finds another ONNX file, other calibration rows, an altered model, circuit, key, contract and option', async () => {
    const other = Uint8Array.from(toyModel());
    other[other.length - 20] ^= 1;
    assert.deepEqual(verdictOf(await auditBuild(folder, { ...again, onnx: other }), 'model file'), ['failed']);
    const rows = { ...CALIBRATION, text: CALIBRATION.text.replace('0.9', '0.8') };
    assert.deepEqual(verdictOf(await auditBuild(folder, { ...again, calibration: rows }), 'calibration'), ['failed']);
    // With these gadgets a build that nobody altered is sound.
    assert.equal((await auditBuild(folder, again)).sound, true);

    const cases: [name: string, change: (text: string) => string, subject: string][] = [
      [
        'integer-model.json',
        (text) =>
          text.replace(/"weight":\{"type":"f64","data":\[(-?\d+)/, (all, digit: string) =>
            all.replace(digit, String(Number(digit) + 1)),
          ),
        'circuit',
      ],
      ['circuit.sym', (text) => `${text}\n`, 'circuit'],
      ['circuit.plan', (text) => `${text.slice(0, -8)}\x01${text.slice(-7)}`, 'circuit'],
      ['Verifier.sol', (text) => text.replace('return', ' return'), 'contract'],
      [
        'verification_key.json',
        (text) => text.replace(/"(\d)/, (_, digit: string) => `"${(Number(digit) + 1) % 10}`),
        'verification key',
      ],
    ];
    for (const [name, change, subject] of cases) {
      const at = copyOf(folder);
      await spoil(at, name, change);
      const audit = await auditBuild(at, again);
      assert.equal(audit.sound, false, name);
      assert.ok(verdictOf(audit, subject).includes('failed'), `${name}: ${JSON.stringify(audit.findings)}`);
    }
    const at = copyOf(folder);
    const manifest = await readManifest(at);
    await writeManifest(at, { ...manifest, options: { ...manifest.options!, activationBits: 8 } });
    assert.deepEqual(verdictOf(await auditBuild(at, again), 'model'), ['failed']);
  });

  it('ends with lines, whatever the folder holds: sizes, nesting, counts and files that lie', async () => {
    const line = (audit: Audit, subject: string): string =>
      audit.findings
        .filter((finding) => finding.subject === subject)
        .map(({ verdict, detail }) => `${verdict} ${detail}`)
        .join('\n');
    const small = await auditBuild(folder, { sizeLimit: 1000 });
    assert.match(line(small, 'files'), /^open they have \d+ bytes in all, more than the limit of 1000/);
    assert.deepEqual(
      small.findings.map(({ subject }) => subject),
      ['files', 'chain', 'key maker', 'author', 'inputs'],
    );

    const nested = '['.repeat(1_000_000);
    const model = readFileSync(path.join(folder, 'integer-model.json'), 'utf8');
    const zkey =
      (change: (bytes: Buffer) => void) =>
      (text: string): string => {
        const bytes = Buffer.from(text, 'latin1');
        change(bytes);
        return bytes.toString('latin1');
      };
    /** The counts stand 72 bytes into section 2, which comes after the file's header and section 1 of 4 bytes. */
    const counts = 12 + 12 + 4 + 12 + 72;
    const cases: [name: string, change: (text: string) => string, subject: string, wanted: RegExp][] = [
      ['integer-model.json', () => nested, 'circuit', /integer model/],
      ['integer-model.json', () => model.replace('"shape":[1,2]', '"shape":[4000000000,2]'), 'circuit', /^failed/],
      ['integer-model.json', () => model.replace(/"kind":"\w+"/, '"kind":"constructor"'), 'circuit', /^failed/],
      [
        'integer-model.json',
        () => '{"format":"zkinfer-integer-model","version":2,"model":{"inputs":[null],"ops":[],"outputs":[]}}',
        'circuit',
        /^failed it cannot be read or made again/,
      ],
      ['verification_key.json', () => nested, 'verification key', /no Groth16 verification key/],
      [
        'proving.zkey',
        zkey((bytes) => bytes.writeUInt32LE(2 ** 31, counts)),
        'verification key',
        /the header's counts imply 137438953472/,
      ],
      ['proving.zkey', zkey((bytes) => bytes.writeBigUInt64LE(2n ** 62n, 28 + 4)), 'verification key', /^failed/],
    ];
    const whole = await readManifest(folder);
    for (const [name, change, subject, wanted] of cases) {
      const at = copyOf(folder);
      await spoil(at, name, change);
      const audit = await auditBuild(at);
      assert.equal(audit.sound, false, name);
      assert.match(line(audit, subject), wanted, name);
    }
    // Files that have no end, or none in the folder.
    for (const spoiled of ['circuit.plan', '../circuit.plan']) {
      const at = copyOf(folder);
      rmSync(path.join(at, 'circuit.plan'));
      symlinkSync('/dev/zero', path.join(at, spoiled));
      await writeManifest(at, { ...whole, files: { ...whole.files, [spoiled]: whole.files['circuit.plan'] } });
      assert.match(
        line(await auditBuild(at), 'files'),
        spoiled === 'circuit.plan' ? /failed .*is no regular file/ : /failed .*(outside the folder|cannot be read)/,
      );
    }
  });

  it('reads a folder in a process of its own where its time is limited, and says what was not done', async () => {
    const { findings } = await auditBuild(folder, { timeLimit: 0.01 });
    assert.match(findings[0].detail, /not done within 0\.01 seconds.*--time-limit/);
    assert.deepEqual(
      findings.map(({ verdict }) => verdict),
      ['open', 'open', 'never', 'never', 'never'],
    );
    const [apart, here] = [await auditBuild(folder, { timeLimit: 300 }), await auditBuild(folder)];
    assert.deepEqual(apart, here);
    assert.match(here.findings.find(({ subject }) => subject === 'keys')!.detail, /one contribution on one machine/);
  });

  it('says that a chain could not be asked, and goes on', async () => {
    const server = createServer((request, response) => {
      request
        .resume()
        .on('end', () => response.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}'));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const audit = await auditBuild(folder, { rpc: `http://127.0.0.1:${port}` });
      assert.equal(audit.sound, true);
      const found = audit.findings.filter(({ subject }) => subject === 'chain');
      assert.deepEqual(
        found.map(({ verdict }) => verdict),
        ['open'],
      );
      assert.match(found[0].detail, /the chain could not be asked/);
      assert.ok(audit.findings.some(({ subject }) => subject === 'inputs'));
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('compiles to the same bytes every time', async () => {
    const [one, two] = [await makeBuild(), await makeBuild()].map(async (at) => (await readManifest(at)).files);
    for (const name of ['circuit.r1cs', 'circuit.plan', 'circuit.sym', 'integer-model.json'])
      assert.equal((await one)[name], (await two)[name]);
  });

  it("compares the registry's record and the code on the chain", async () => {
    const anvil: Anvil = await startAnvil({});
    try {
      await deployBuild(folder, { rpc: anvil.url });
      const registered = await registerBuild(folder, { rpc: anvil.url });
      const sound = await auditBuild(folder, { ...again, rpc: anvil.url });
      assert.equal(sound.sound, true, JSON.stringify(sound.findings));
      assert.deepEqual(
        [...verdictOf(sound, 'registry'), ...verdictOf(sound, 'code on chain')],
        ['established', 'established'],
      );

      // Another build of the same model, with keys of its own, is not the registered one.
      const other = await makeBuild();
      await addToBuild(other, {}, {});
      const foreign = await auditBuild(other, {
        ...again,
        rpc: anvil.url,
        registry: registered.registry,
        modelId: BigInt(registered.modelId),
      });
      assert.deepEqual(verdictOf(foreign, 'registry'), ['failed']);
    } finally {
      await anvil.stop();
    }
  });
});
