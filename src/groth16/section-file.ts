/**
 * One section of a large file in iden3's container (see sections.ts), without reading the rest. The trap: positions and
 * sizes are the file's own claims, so each is compared with the file's length first.
 */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { FormatError } from '../r1cs/format-error.js';

/**
 * The beginning of a section, at least `least` bytes, at most 1024. Throws FormatError, or the system's error for an
 * unreadable file.
 */
export async function readSectionStart(path: string, magic: string, type: number, least: number): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    return await find(handle, path, magic, type, least);
  } finally {
    await handle.close();
  }
}

/** Bytes of each section by its type, for counts in a header to be held against. Throws as `readSectionStart` does. */
export async function readSectionSizes(path: string, magic: string): Promise<ReadonlyMap<number, number>> {
  const handle = await open(path);
  try {
    const sizes = new Map<number, number>();
    for await (const { type, length } of walk(handle, path, magic)) {
      if (sizes.has(type)) throw new FormatError(`${path} has section type ${type} twice`);
      sizes.set(type, length);
    }
    return sizes;
  } finally {
    await handle.close();
  }
}

/** A whole section of at most `most` bytes. Throws as `readSectionStart` does. */
export async function readSection(path: string, magic: string, type: number, most: number): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    for await (const section of walk(handle, path, magic)) {
      if (section.type !== type) continue;
      if (section.length > most)
        throw new FormatError(`${path}: section ${type} has ${section.length} bytes, and at most ${most} are read`);
      return await readAt(handle, section.at, section.length);
    }
    throw new FormatError(`${path} is truncated: its section of type ${type} is missing or incomplete`);
  } finally {
    await handle.close();
  }
}

async function find(handle: FileHandle, path: string, magic: string, type: number, least: number): Promise<Uint8Array> {
  for await (const section of walk(handle, path, magic)) {
    if (section.type !== type) continue;
    const { at, length } = section;
    if (length < least)
      throw new FormatError(`${path}: section ${type} has ${length} bytes, not the ${least} it needs`);
    return readAt(handle, at, Math.min(length, 1024));
  }
  throw new FormatError(`${path} is truncated: its section of type ${type} is missing or incomplete`);
}

/** The sections that the file holds, up to the first that it announces and does not hold. */
async function* walk(
  handle: FileHandle,
  path: string,
  magic: string,
): AsyncGenerator<{ type: number; at: number; length: number }> {
  const { size } = await handle.stat();
  const header = await readAt(handle, 0, 12);
  if (header.length < 12 || header.subarray(0, 4).toString('latin1') !== magic) {
    throw new FormatError(
      `${path} is not a .${magic} file: it does not start with the letters "${magic}"; check the path`,
    );
  }
  for (let i = 0, at = 12; i < header.readUInt32LE(8); i++) {
    const section = await readAt(handle, at, 12);
    if (section.length < 12) return;
    const length = Number(section.readBigUInt64LE(4));
    at += 12;
    if (length > size - at) return;
    yield { type: section.readUInt32LE(0), at, length };
    at += length;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
