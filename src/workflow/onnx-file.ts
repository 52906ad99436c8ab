/**
 * An ONNX file from a folder, with the weights that it keeps in files beside it. The model comes from a stranger, so
 * only regular files in its own folder are read, and no more bytes than one ONNX file may hold.
 */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';

import { FileError } from '../errors.js';
import { withExternalData, type ExternalData } from '../onnx/external-data.js';
import { readUserFile, whyUnreadable } from '../user-file.js';

/** What one file of Protocol Buffers may hold, in bytes. */
const LARGEST = 2 ** 31 - 1;

/**
 * Bytes of a model as `compileOnnx` and `inspectOnnx` take them.
 * @throws FileError where the file, or one beside it that it names, cannot be read or is not in its folder
 * @throws MalformedModelError where it does not say where its weights are
 */
export async function readOnnxFile(path: string): Promise<Uint8Array> {
  const bytes = await readUserFile(path, 'the model');
  const folder = dirname(path);
  let total = bytes.length;
  return withExternalData(bytes, (place) => {
    const data = readPlace(folder, place, LARGEST - total);
    total += data.length;
    return data;
  });
}

function readPlace(folder: string, { location, offset, length }: ExternalData, room: number): Uint8Array {
  const refuse = (reason: string, cause?: unknown): FileError =>
    new FileError(`cannot read '${location}', in which the model keeps weights: ${reason}`, { cause });
  let path: string;
  let file: number;
  try {
    path = realpathSync(join(folder, location));
    const inside = relative(realpathSync(folder), path);
    if (isAbsolute(location) || isAbsolute(inside) || inside === '..' || inside.startsWith(`..${sep}`))
      throw refuse("it is outside the model's folder");
    if (!statSync(path).isFile()) throw refuse('it is no regular file');
    file = openSync(path, 'r');
  } catch (cause) {
    throw cause instanceof FileError ? cause : refuse(whyUnreadable(cause), cause);
  }
  try {
    const { size } = fstatSync(file);
    const count = length ?? size - offset;
    if (offset + count > size || count < 0)
      throw refuse(`it has ${size} bytes, and bytes ${offset} to ${offset + count} are asked of it`);
    if (count > room)
      throw refuse(`all weights together are more than the ${LARGEST} bytes that one ONNX file may hold`);
    const data = new Uint8Array(count);
    for (let done = 0; done < count;) {
      const read = readSync(file, data, done, count - done, offset + done);
      if (read === 0) throw refuse('it became shorter while it was read');
      done += read;
    }
    return data;
  } finally {
    closeSync(file);
  }
}
