import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { hashContent } from '../../src/provenance/content.js';
import { CidError, ContentError, fromContentHash, parseCid, toContentHash } from '../../src/provenance/index.js';

/** Bytes that no chunk repeats. */
function bytes(length: number): Buffer {
  const content = Buffer.alloc(length);
  for (let i = 0; i < length; i++) content[i] = (i * 31 + (i >> 8) * 7 + (i >> 16) * 3) & 255;
  return content;
}

/** A protobuf field: varint key and length, then the bytes. */
function field(number: number, content: Uint8Array | number): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
  return typeof content === 'number'
    ? Buffer.from([...varint(8 * number), ...varint(content)])
    : Buffer.concat([Buffer.from([...varint(8 * number + 2), ...varint(content.length)]), content]);
}

const sha256 = (content: Uint8Array): Buffer => createHash('sha256').update(content).digest();

describe('content identifiers', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkinfer-content-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const write = async (name: string, content: Uint8Array | string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  const cidOf = async (path: string): Promise<string> => String((await hashContent(path)).cid);

  it('are those that IPFS documents for well-known content', async () => {
    assert.equal(await cidOf(await write('empty', '')), 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
    assert.equal(
      await cidOf(await write('hello', 'hello world')),
      'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
    );
    await mkdir(join(folder, 'nothing'));
    assert.equal(await cidOf(join(folder, 'nothing')), 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354');
  });

  // Computed once with boxo v0.43.0, the library that Kubo adds files with: chunker size-262144, 174 links, raw leaves,
  // CIDv1.
  for (const [length, expected] of [
    [262_144, 'bafkreiei3u5emxxfsnbg4wbc5xm5vmvd26fzorlau3fbvemrwgcq5qma54'],
    [262_145, 'bafybeiflkqg24n3r2c2kjvaux3it54rao6muf3orehoc7itvy4sivlua3e'],
    [1_000_000, 'bafybeiakkuunrifq4c2p5d5hh444wk26kzi7cspnf3u2mwoh7tskm4mktu'],
    [262_144 * 174 + 1, 'bafybeiguxliik53pdelwiqhx6aw3mic4yh3toexuqbggxd35lfr5tyy3oa'],
  ] as const) {
    it(`are Kubo's for a file of ${length} bytes`, async () => {
      assert.equal(await cidOf(await write('file', bytes(length))), expected);
    });
  }

  it("are Kubo's for nested folders, whatever the order of names, with folders that are empty", async () => {
    const top = join(folder, 'nested');
    await mkdir(join(top, 'sub', 'a'), { recursive: true });
    await Promise.all([
      writeFile(join(top, 'b.bin'), bytes(10)),
      writeFile(join(top, 'B.bin'), bytes(11)),
      writeFile(join(top, 'sub', 'é.txt'), bytes(5)),
      writeFile(join(top, 'sub', 'Z'), bytes(300_000)),
    ]);
    const content = await hashContent(top);
    assert.equal(String(content.cid), 'bafybeicqsn2ao2ritnaohahda53klnu7a226wnfitx4pheyug72db323nu');
    assert.deepEqual([...content.entries.keys()].sort(), ['', 'B.bin', 'b.bin', 'sub', 'sub/Z', 'sub/a', 'sub/é.txt']);
    assert.deepEqual([content.kind, content.files, content.bytes], ['folder', 4, 300_026]);
  });

  for (const [files, expected] of [
    [949, 'bafybeieqnnt6qfuarr3hefz423qr2yazmuzet7xvmijcxtkncluufch5ke'],
    [950, 'bafybeicagxashq3cu6dpx6sce4vgnvtjpjtlxmpfbosbifzmyorydwrbsm'],
  ] as const) {
    it(`are Kubo's for a folder of ${files} long names, ${files === 949 ? 'just not' : 'just'} sharded`, async () => {
      const top = join(folder, `many-${files}`);
      await mkdir(top);
      for (let i = 0; i < files; i++)
        await writeFile(join(top, `${'é'.repeat(116)}${String(i).padStart(8, '0')}`), bytes(i % 7));
      assert.equal(await cidOf(top), expected);
    });
  }

  it('follow from the rule: a dag-pb node of UnixFS with a link to the hash of each chunk', async () => {
    const content = bytes(600_000);
    const chunks = [content.subarray(0, 262_144), content.subarray(262_144, 524_288), content.subarray(524_288)];
    const links = chunks.map((chunk) =>
      field(
        2,
        Buffer.concat([
          field(1, Buffer.concat([Buffer.from([1, 0x55, 0x12, 32]), sha256(chunk)])),
          field(2, Buffer.alloc(0)),
          field(3, chunk.length),
        ]),
      ),
    );
    const unixfs = Buffer.concat([
      field(1, 2),
      field(3, content.length),
      ...chunks.map((chunk) => field(4, chunk.length)),
    ]);
    const node = Buffer.concat([...links, field(1, unixfs)]);
    assert.equal(
      await cidOf(await write('ruled', content)),
      String(CID.createV1(0x70, createDigest(0x12, sha256(node)))),
    );
  });

  it('leave hidden files out, as ipfs add does, and say which', async () => {
    const top = join(folder, 'hiding');
    await mkdir(join(top, 'sub', '.git'), { recursive: true });
    await writeFile(join(top, 'sub', 'seen'), 'a');
    const before = await hashContent(top);
    await writeFile(join(top, '.env'), 'b');
    const after = await hashContent(top);
    assert.ok(after.cid.equals(before.cid));
    assert.deepEqual([before.hidden, after.hidden], [['sub/.git'], ['.env', 'sub/.git']]);
  });

  it('are refused for what they would not cover', async () => {
    const top = join(folder, 'linked');
    await mkdir(top);
    await symlink(join(folder, 'elsewhere'), join(top, 'link'));
    await assert.rejects(
      hashContent(top),
      (error: Error) => error instanceof ContentError && /symbolic link/.test(error.message),
    );
    await assert.rejects(
      hashContent(join(folder, 'no-such')),
      (error: Error) => error instanceof ContentError && /no such file/.test(error.message),
    );
    await assert.rejects(hashContent('/dev/null'), ContentError);
  });

  it('go to the ledger as codec and digest and come back', async () => {
    for (const text of [
      'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
      'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354',
    ]) {
      assert.equal(String(fromContentHash(toContentHash(parseCid(text)))), text);
    }
    for (const bad of ['', 'bafy', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG', 'hello world'])
      assert.throws(() => parseCid(bad), CidError);
  });
});
