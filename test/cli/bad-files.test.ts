/** Files that are not what they should be, given to the commands: each is an error by name, never a stack. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashFile, readManifest, writeManifest } from '../../src/workflow/build-folder.js';
import { seeded } from '../onnx/support/random.js';
import { temporaryFolder, toyBuild } from '../workflow/support/folders.js';
import { inputJson, toyModel } from '../workflow/support/toy.js';
import { type Finished, zkinfer } from './support/zkinfer.js';

type Arguments = readonly [name: string, ...rest: string[]];

function assertNamed({ status, stderr }: Finished, what: string): void {
  assert.ok(status === 1 || status === 2, `${what}: status ${status}: ${stderr}`);
  assert.match(stderr, /^(Taking snarkjs, .*\n)?\w+Error: \S/, `${what}: ${stderr}`);
  assert.doesNotMatch(stderr, /\n\s+at |This is a fault of zkinfer/, `${what}: ${stderr}`);
}

/** JSON of the wrong kind, no JSON, and no text; `good` cut short. */
function spoiled(good: string | Buffer): [string, string | Buffer][] {
  const random = seeded(9);
  const bytes = Buffer.from(good);
  const noise = Buffer.from(Uint8Array.from({ length: 4096 }, () => Math.floor(random() * 256)));
  return [
    ['empty', ''],
    ['a byte-order mark', '\ufeff'],
    ['cut short', bytes.subarray(0, Math.floor(bytes.length / 2))],
    ['its last byte missing', bytes.subarray(0, Math.max(0, bytes.length - 3))],
    ['noise', noise],
    ['zeros', Buffer.alloc(4096)],
    ...['null', '0', '"text"', '[]', '{}', '[[]]', '[null]', 'true'].map((text): [string, string] => [text, text]),
    ...[
      '{"input_data": null}',
      '{"input_data": [{}]}',
      '{"input_data": [[null, null]]}',
      '{"input_data": [["1", "2"]]}',
      '{"input_data": [[1e999, 0]]}',
      '{"proof": null}',
      '{"proof": {}, "publicSignals": [1]}',
      '{"salts": null}',
      '{"__proto__": {"salts": {}}}',
    ].map((text): [string, string] => [text, text]),
    ['deeply nested', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['a deep object', `{"input_data": [[${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}, 1]]}`],
    ['a deeply nested input', `{"input_data": ${'['.repeat(100_000)}1${']'.repeat(100_000)}}`],
  ];
}

describe('a file that is not what it should be', () => {
  let folder: string;
  let build: string;
  let input: string;
  let model: string;
  let proof: string;
  let opening: string;
  let serial = 0;
  const file = (contents: string | Uint8Array, name = 'file'): string => {
    mkdirSync(path.join(folder, 'files'), { recursive: true });
    const at = path.join(folder, 'files', `${name}-${(serial += 1)}`);
    writeFileSync(at, contents);
    return at;
  };

  before(async () => {
    folder = temporaryFolder();
    build = await toyBuild();
    input = file(inputJson([0.5, -0.25]), 'input');
    model = file(toyModel(), 'model');
    [proof, opening] = [path.join(build, 'proof.json'), path.join(folder, 'opening.json')];
    const { status, stderr } = await zkinfer(['prove', build, '--input', input, '--opening', opening]);
    assert.equal(status, 0, stderr);
  });

  it('is refused by name wherever a command takes JSON', async () => {
    const takers: [string, string, (at: string) => Arguments][] = [
      [
        'calibration',
        inputJson([0.5, 0.25]),
        (at) => ['compile', model, '--calibration', at, '--out', path.join(folder, 'none')],
      ],
      ['held-out rows', inputJson([0.5, 0.25]), (at) => ['inspect', model, '--held-out', at]],
      ['labels', '["one", "two"]', (at) => ['compile', model, '--labels', at, '--out', path.join(folder, 'none')]],
      [
        'input',
        inputJson([0.5, 0.25]),
        (at) => ['prove', build, '--input', at, '--out', path.join(folder, 'no-proof.json')],
      ],
      [
        'input of witness',
        inputJson([0.5, 0.25]),
        (at) => ['witness', build, '--input', at, '--out', path.join(folder, 'no.wtns')],
      ],
      ['proof', readFileSync(proof, 'utf8'), (at) => ['verify', build, '--proof', at]],
      [
        'public signals',
        readFileSync(path.join(build, 'public.json'), 'utf8'),
        (at) => ['verify', build, '--proof', proof, '--public', at],
      ],
      [
        'opening',
        readFileSync(opening, 'utf8'),
        (at) => ['verify', build, '--proof', proof, '--opening', at, '--input', input],
      ],
      [
        'input to compare',
        inputJson([0.5, 0.25]),
        (at) => ['verify', build, '--proof', proof, '--opening', opening, '--input', at],
      ],
    ];
    for (const [what, good, command] of takers) {
      for (const [how, contents] of spoiled(good)) {
        // An empty list of public signals is a list, and no proof is valid with it.
        if (what === 'public signals' && how === '[]') assert.equal((await zkinfer(command(file(contents)))).status, 1);
        // A labels file of text has labels, just not as many as there are scores; two lines of noise may be two labels.
        else assertNamed(await zkinfer(command(file(contents))), `${what}: ${how}`);
      }
    }
    for (const left of ['none', 'no-proof.json', 'no.wtns']) assert.ok(!existsSync(path.join(folder, left)), left);
  });

  it('is refused by name wherever a command takes a model, a key or powers of tau', async () => {
    const takers: [string, Buffer, (at: string) => Arguments][] = [
      ['model', readFileSync(model), (at) => ['inspect', at]],
      ['key', readFileSync(path.join(build, 'proving.zkey')), (at) => ['ceremony', 'transcript', at]],
      ['powers of tau', Buffer.from('ptau'), (at) => ['setup', build, '--ptau', at, '--backend', 'native']],
    ];
    for (const [what, good, command] of takers) {
      for (const [how, contents] of spoiled(good)) {
        const ran = await zkinfer(command(file(contents)));
        // Half a key may still have its header and its transcript, which are all that `transcript` reads.
        if (what === 'key' && ran.status === 0) assert.match(how, /cut short|missing/);
        else assertNamed(ran, `${what}: ${how}`);
      }
    }
  });

  it('is refused by name inside a build, whose maker gave it a fitting hash', async () => {
    const uses: Record<
      string,
      readonly (readonly ['prove' | 'verify' | 'setup' | 'solidity' | 'witness', ...string[]])[]
    > = {
      'manifest.json': [['prove', '--input', input], ['solidity'], ['verify', '--proof', proof]],
      'integer-model.json': [
        ['witness', '--input', input, '--out', path.join(folder, 'no.wtns')],
        ['solidity'],
        ['verify', '--proof', proof, '--input', input],
      ],
      'circuit.plan': [['witness', '--input', input, '--out', path.join(folder, 'no.wtns')]],
      'circuit.r1cs': [['setup', '--force']],
      'verification_key.json': [['verify', '--proof', proof], ['solidity']],
      'proving.zkey': [['prove', '--input', input]],
    };
    for (const [name, commands] of Object.entries(uses)) {
      const good = readFileSync(path.join(build, name));
      for (const [how, contents] of spoiled(good)) {
        const copy = path.join(temporaryFolder(), 'build');
        mkdirSync(copy);
        for (const part of [...Object.keys((await readManifest(build)).files), 'manifest.json'])
          copyFileSync(path.join(build, part), path.join(copy, part));
        writeFileSync(path.join(copy, name), contents);
        if (name !== 'manifest.json') {
          const manifest = await readManifest(copy);
          await writeManifest(copy, {
            ...manifest,
            files: { ...manifest.files, [name]: await hashFile(path.join(copy, name)) },
          });
        }
        for (const [command, ...rest] of commands)
          assertNamed(await zkinfer([command, copy, ...rest]), `${name}, ${how}: ${command}`);
      }
    }
  });
});
