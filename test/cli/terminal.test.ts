import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { textTable } from '../../src/cli/table.js';
import { message, oneLine, printable, safeJson } from '../../src/cli/terminal.js';
import { fixtureFile } from '../fixtures-compiled.js';
import { makeModel, node } from '../onnx/support/make-model.js';
import { temporaryFolder, toyBuild } from '../workflow/support/folders.js';
import { inputJson } from '../workflow/support/toy.js';
import { zkinfer } from './support/zkinfer.js';

/**
 * Sets the clipboard, clears the screen, by 7-bit and 8-bit sequences; turns a line round; begins a line of its own.
 */
const HOSTILE = 'y\u001b]52;c;cm0gLXJm\u0007\u001b[2J\u009b31m\u202egnp.\nthe proof is valid\r';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What a terminal would obey. */
const OBEYED = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

describe('text on a terminal', () => {
  it('holds nothing that a terminal obeys, and shows what was there', () => {
    for (let code = 0; code < 0x3000; code += 1) {
      const character = String.fromCharCode(code);
      for (const shown of [
        printable(`a${character}b`),
        oneLine(`a${character}b`),
        message(character),
        safeJson(JSON.stringify(character)),
      ])
        assert.doesNotMatch(shown, OBEYED);
      assert.equal(JSON.parse(safeJson(JSON.stringify(character))), character);
    }
    assert.equal(printable('\u001b[2J\u009b'), '\\x1b[2J\\x9b');
    assert.equal(printable('Zürich 東京 🙂\n\tx'), 'Zürich 東京 🙂\n\tx');
    assert.doesNotMatch(printable('\ud800'), /\p{Cs}/u);
  });

  it('gives a name no line of its own', () => {
    assert.doesNotMatch(oneLine(HOSTILE), /\n/);
    assert.doesNotMatch(message(HOSTILE), /^the proof is valid/m);
    assert.equal(textTable(['name'], [[HOSTILE]]).split('\n').length, 3);
    assert.ok(textTable(['name'], [['x'.repeat(1e6)], ['y']]).length < 1000);
  });

  it('is safe where names come from a model, in tables, notes and errors', async () => {
    const folder = temporaryFolder();
    const file = (name: string, model: Uint8Array): string => {
      writeFileSync(path.join(folder, name), model);
      return path.join(folder, name);
    };
    const named = file(
      'named.onnx',
      makeModel({
        inputs: { [HOSTILE]: ['batch', 2] },
        outputs: [`${HOSTILE}out`],
        nodes: [node('Relu', [HOSTILE], [`${HOSTILE}out`], {}, `${HOSTILE}node`)],
      }),
    );
    const refused = file(
      'refused.onnx',
      makeModel({ inputs: { x: [1, 2] }, outputs: ['y'], nodes: [node('TfIdfVectorizer', ['x'], ['y'], {}, HOSTILE)] }),
    );
    const runs = await Promise.all([
      zkinfer(['inspect', named]),
      zkinfer(['compile', named, '--out', path.join(folder, 'build')]),
      zkinfer(['compile', refused, '--out', path.join(folder, 'none')]),
      zkinfer(['inspect', refused, '--json']),
    ]);
    assert.deepEqual(
      runs.map(({ status }) => status),
      [0, 0, 1, 1],
    );
    for (const { stdout, stderr } of runs) {
      assert.match(stdout + stderr, /x1b|u001b/);
      assert.doesNotMatch(stdout + stderr, OBEYED);
      assert.doesNotMatch(stdout + stderr, /^the proof is valid/m);
    }
    const { survey } = JSON.parse(runs[3].stdout) as { survey: { nodes: { name: string }[] } };
    assert.equal(survey.nodes[0].name, HOSTILE);
  });

  it('has the result alone on standard output, where a proof is written there', async () => {
    const build = await toyBuild();
    const input = path.join(temporaryFolder(), 'input.json');
    writeFileSync(input, inputJson([0.5, -0.25]));
    const { stdout, stderr, status } = await zkinfer(['prove', build, '--input', input, '--out', '/dev/stdout'], {
      ownProcess: true,
    });
    assert.equal(status, 0, stderr);
    assert.equal((JSON.parse(stdout) as { protocol: string }).protocol, 'groth16');
    assert.match(stderr, /^output y:\n/);
    assert.equal((await zkinfer(['prove', build, '--input', input, '--out', '/dev/stdout', '--json'])).status, 2);
  });

  it('tells a command that runs until it is stopped to end: in its own time once, at once the second time, as shells expect', async () => {
    const until = new URL('../../src/cli/until-stopped.ts', import.meta.url);
    const run = async (
      stop: string,
      signals: readonly NodeJS.Signals[],
    ): Promise<{ status: number | null; text: string }> => {
      const script = `import { untilStopped } from ${JSON.stringify(until.href)}; setTimeout(() => console.log('ready'), 50); await untilStopped(new Promise(() => undefined), ${stop}, 60); console.log('stopped');`;
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
      });
      let text = '';
      child.stderr.on('data', (data) => (text += String(data)));
      child.stdout.on('data', (data) => {
        text += String(data);
        if (/ready|stopping/.test(String(data))) child.kill(signals[text.includes('stopping') ? 1 : 0]);
      });
      const [status] = (await once(child, 'close')) as [number | null];
      return { status, text };
    };
    assert.deepEqual(await run("async () => console.log('stop')", ['SIGINT']), {
      status: 0,
      text: 'ready\nstop\nstopped\n',
    });
    const hangs = "() => { console.log('stopping'); return new Promise(() => undefined); }";
    assert.deepEqual(await run(hangs, ['SIGINT', 'SIGINT']), { status: 130, text: 'ready\nstopping\n' });
    assert.deepEqual(await run(hangs, ['SIGTERM', 'SIGTERM']), { status: 143, text: 'ready\nstopping\n' });
  });

  it('ends quietly where nobody reads it any more', async () => {
    await zkinfer(['--version'], { ownProcess: true });
    const child = spawn(process.execPath, [main, 'inspect', fileURLToPath(fixtureFile('tabular', 'model.onnx'))], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [status] = (await once(child, 'close')) as [number | null];
    assert.equal(stderr, '');
    assert.equal(status, 141);
  });

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends with ${expected} and without a stack after ${signal}`, async () => {
      const silent = await import('node:net').then(({ createServer }) => createServer(() => undefined));
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as { port: number };
      try {
        // Waits for an RPC that never answers; the signal comes once it has connected.
        const run = zkinfer(
          ['provenance', 'verify', '--artifact', `0x${'1'.repeat(64)}`, '--rpc', `http://127.0.0.1:${port}`],
          {
            started: (child) => void silent.once('connection', () => child.kill(signal)),
          },
        );
        const { status, stderr, stdout } = await run;
        assert.equal(status, expected, stderr);
        assert.match(stderr, /Interrupted/);
        assert.doesNotMatch(stderr + stdout, /\n\s+at /);
      } finally {
        silent.close();
      }
    });
  }
});
