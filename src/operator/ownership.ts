/**
 * One operator for a data folder: a Unix socket in it that the process listens on. A killed process leaves the file but
 * no listener, so the next one takes over at once; a lock file with a timeout would keep it waiting while deadlines
 * pass.
 */
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join, relative } from 'node:path';
import { OperatorRunningError } from './errors.js';

/** Takes the folder, which must exist; the returned function gives it back. @throws OperatorRunningError */
export async function ownFolder(folder: string): Promise<() => Promise<void>> {
  // Relative where that is shorter: socket paths end at some 100 bytes.
  const absolute = join(folder, 'operator.sock');
  const short = relative(process.cwd(), absolute);
  const path =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\${absolute.replaceAll(/[\\/:]/g, '-')}`
      : short.length < absolute.length
        ? short
        : absolute;
  if (await answers(path))
    throw new OperatorRunningError(
      `another operator works in ${folder}; stop it, or give this one another --data folder`,
    );
  if (process.platform !== 'win32') await rm(path, { force: true });
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false));
  });
}
