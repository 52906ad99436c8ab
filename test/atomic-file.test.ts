import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { makeFolder, OutputError, writeAtomic } from '../src/atomic-file.js';
import { temporaryFolder } from './workflow/support/folders.js';

describe('a result', function () {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);

  beforeEach(() => {
    folder = temporaryFolder();
  });

  it('replaces a file whole, and keeps a symbolic link to one', async () => {
    writeFileSync(at('file'), 'old');
    symlinkSync('file', at('link'));
    const hash = await writeAtomic(at('link'), ['new ', Buffer.from('text')]);
    assert.equal(hash, `0x${createHash('sha256').update('new text').digest('hex')}`);
    assert.equal(readlinkSync(at('link')), 'file');
    assert.equal(readFileSync(at('file'), 'utf8'), 'new text');
    assert.deepEqual(readdirSync(folder).sort(), ['file', 'link']);
  });

  it('gets a folder made for it with those above, and an end where none can be made', async function () {
    const deep = path.join(at('a'), 'b', 'c');
    await makeFolder(deep, 0o700);
    await makeFolder(deep);
    assert.equal(statSync(deep).mode & 0o777, 0o700);
    writeFileSync(at('file'), '');
    await assert.rejects(makeFolder(path.join(at('file'), 'below')), { name: 'OutputError' });
    await assert.rejects(makeFolder(at('file')), { name: 'OutputError' });
    // No folder can be made there, and Node's recursive mkdir tries for ever.
    if (existsSync('/proc')) await assert.rejects(makeFolder('/proc/none/below'), { name: 'OutputError' });
  });

  it('goes through a named pipe, which stays one', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reader = spawn('cat', [at('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    reader.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    await writeAtomic(at('pipe'), ['through ', 'the pipe']);
    await once(reader, 'close');
    assert.equal(text, 'through the pipe');
    assert.ok(lstatSync(at('pipe')).isFIFO());
  });

  it('goes through a device, which stays one', async function () {
    // One of the test's own, which only root can make: code that is wrong would replace the machine's.
    if (spawnSync('mknod', [at('null'), 'c', '1', '3']).status !== 0) this.skip();
    await writeAtomic(at('null'), ['nothing']);
    assert.ok(statSync(at('null')).isCharacterDevice());
  });

  it('does not replace a folder or a socket, and leaves nothing behind', async () => {
    mkdirSync(at('folder'));
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    try {
      await assert.rejects(
        writeAtomic(at('folder'), ['x']),
        (error: Error) => error instanceof OutputError && /it is a folder/.test(error.message),
      );
      await assert.rejects(
        writeAtomic(at('socket'), ['x']),
        (error: Error) => error instanceof OutputError && /it is a socket/.test(error.message),
      );
      assert.ok(lstatSync(at('socket')).isSocket());
    } finally {
      server.close();
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('.tmp-')),
      [],
    );
  });
});
