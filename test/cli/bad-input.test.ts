import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { fixtureFile } from '../fixtures-compiled.js';
import { seeded } from '../onnx/support/random.js';
import { temporaryFolder, toyBuild } from '../workflow/support/folders.js';
import { inputJson, toyModel, unsupportedModel } from '../workflow/support/toy.js';
import { fails, zkinferJson } from './support/zkinfer.js';

describe('bad input', () => {
  let folder: string;
  let build: string;
  const file = (name: string, contents: string | Uint8Array): string => {
    const at = path.join(folder, name);
    writeFileSync(at, contents);
    return at;
  };

  before(async () => {
    folder = temporaryFolder();
    build = await toyBuild();
  });

  it('a model that is cut short, random, empty, or something else is refused by name', async () => {
    const model = readFileSync(fixtureFile('tabular', 'model.onnx'));
    const random = seeded(137);
    const bad = {
      cut: model.subarray(0, Math.floor(model.length / 2)),
      random: Uint8Array.from({ length: 5000 }, () => Math.floor(random() * 256)),
      empty: new Uint8Array(0),
      text: new TextEncoder().encode('{"input_data": [[1]]}'),
    };
    await Promise.all(
      Object.entries(bad).map(async ([name, bytes]) => {
        const out = path.join(folder, `out-${name}`);
        await fails(['compile', file(`${name}.onnx`, bytes), '--out', out], 'MalformedModelError', /./);
        assert.throws(() => readdirSync(out), /ENOENT/);
      }),
    );
  });

  it('an operator that is not supported is named with its node and what is supported', async () => {
    const model = file('unsupported.onnx', unsupportedModel());
    await fails(
      ['compile', model, '--out', path.join(folder, 'unsupported')],
      'UnsupportedOpError',
      /words.*TfIdfVectorizer/s,
    );
    const inspected = await zkinferJson<{
      supported: boolean;
      survey: { unsupported: string[] };
      supportedOps: string[];
    }>(['inspect', model], 1);
    assert.equal(inspected.supported, false);
    assert.match(inspected.survey.unsupported.join(), /TfIdfVectorizer/);
    assert.ok(inspected.supportedOps.includes('Gemm'));
  });

  it('files that are missing, or are folders, are named', async () => {
    const nowhere = path.join(folder, 'nowhere');
    await Promise.all([
      fails(['compile', nowhere], 'FileError', /cannot read the model .*nowhere: there is no such file/),
      fails(['compile', folder], 'FileError', /it is a folder/),
      fails(
        ['compile', file('toy.onnx', toyModel()), '--calibration', nowhere],
        'FileError',
        /the calibration data .*nowhere/,
      ),
      fails(['verify', build, '--proof', nowhere], 'FileError', /the proof .*nowhere/),
    ]);
    await Promise.all([
      fails(['prove', build, '--input', nowhere], 'FileError', /the input .*nowhere/),
      fails(['setup', nowhere], 'BuildFolderError', /holds no build.*zkinfer compile/),
    ]);
  });

  it('an input of the wrong shape, outside the range, or no numbers is refused with what is wrong', async () => {
    const prove = (contents: string, k: number): string[] => [
      'prove',
      build,
      '--input',
      file(`input-${k}.json`, contents),
    ];
    const cases: [string, string, RegExp][] = [
      [inputJson([0.5]), 'InputShapeError', /'x' has shape \[1, 2\] = 2 numbers, 1 given/],
      [inputJson([0.5, 7]), 'InputRangeError', /'x'\[1\] is 7, outside the declared range \[-0\.996/],
      ['{"input_data": [[0.5, "NaN"]]}', 'InputFormatError', /is "NaN"/],
    ];
    await Promise.all(cases.map(([contents, name, wanted], k) => fails(prove(contents, k), name, wanted)));
    assert.ok(!readdirSync(build).some((name) => name.startsWith('proof') || name.startsWith('public')));
  });

  it("a build folder with a file cut short is refused with the file's name and the remedy", async () => {
    const input = file('input.json', inputJson([0.5, -0.5]));
    const damage: [string, (at: string) => void, string[], RegExp][] = [
      [
        'circuit.plan',
        (at) => writeFileSync(at, readFileSync(at).subarray(0, 100)),
        ['prove', '--input', input],
        /circuit\.plan is not the file.*compile the model again/,
      ],
      [
        'manifest.json',
        (at) => writeFileSync(at, readFileSync(at).subarray(0, 200)),
        ['setup'],
        /manifest\.json is damaged/,
      ],
    ];
    await Promise.all(
      damage.map(async ([name, spoil, [command, ...rest], wanted]) => {
        const copy = await toyBuild();
        spoil(path.join(copy, name));
        await fails([command, copy, ...rest], 'BuildFolderError', wanted);
      }),
    );
  });

  it('a build without keys says how to make them', async () => {
    const bare = path.join(folder, 'bare');
    await zkinferJson(['compile', file('toy.onnx', toyModel()), '--out', bare]);
    await fails(
      ['prove', bare, '--input', file('input.json', inputJson([0, 0]))],
      'BuildFolderError',
      /no proving\.zkey.*zkinfer setup/,
    );
    await fails(['solidity', bare], 'BuildFolderError', /no verification_key\.json.*zkinfer setup/);
  });

  it('a result that cannot be written is named', async () => {
    const input = file('input.json', inputJson([0, 0]));
    await Promise.all([
      fails(
        ['prove', build, '--input', input, '--out', path.join(folder, 'no', 'such', 'proof.json')],
        'OutputError',
        /cannot write .*ENOENT/,
      ),
      fails(
        ['compile', file('toy.onnx', toyModel()), '--out', path.join(file('a-file', ''), 'build')],
        'OutputError',
        /cannot write .*a-file/,
      ),
    ]);
  });

  it('proofs that are no proofs are refused by name', async () => {
    const cases: [string, RegExp][] = [
      ['{}', /is not a Groth16 proof/],
      [
        '{"pi_a":["1","2","1"],"pi_b":[["1","2"],["1","2"],["1","0"]],"pi_c":["1","2","1"],"protocol":"groth16","curve":"bn128"}',
        /carries no public signals/,
      ],
    ];
    await Promise.all(
      cases.map(([text, wanted], k) =>
        fails(['verify', build, '--proof', file(`proof-${k}.json`, text)], 'ProofFormatError', wanted),
      ),
    );
  });

  describe('on the way to a chain', () => {
    let silent: Server;
    let port: number;
    before(async () => {
      // Takes connections and never answers.
      silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      port = (silent.address() as { port: number }).port;
    });
    after(() => {
      silent.close();
    });

    it('an RPC where nothing listens, or that never answers, is an error in bounded time', async () => {
      const start = performance.now();
      // One after the other: the second finds the verifier compiled.
      await fails(['deploy', build, '--rpc', 'http://127.0.0.1:1'], 'RpcUnreachableError', /127\.0\.0\.1:1/);
      await fails(
        ['deploy', build, '--rpc', `http://127.0.0.1:${port}`],
        'RpcUnreachableError',
        new RegExp(`127\\.0\\.0\\.1:${port}`),
      );
      assert.ok(performance.now() - start < 120_000);
    });

    it('the proof is looked for in the build folder unless it is named', async () => {
      await fails(['verify', build], 'FileError', /the proof .*proof\.json/);
    });

    it('a proof cannot be submitted before the verifier is deployed', async () => {
      mkdirSync(path.join(folder, 'proofs'), { recursive: true });
      const proof = path.join(folder, 'proofs', 'proof.json');
      await zkinferJson(['prove', build, '--input', file('input.json', inputJson([0.5, -0.5])), '--out', proof]);
      await fails(
        ['submit', build, '--proof', proof],
        'NotReadyError',
        /has no verifier on chain \d+; run: zkinfer deploy/,
      );
    });
  });
});
