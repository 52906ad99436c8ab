/** A place of inputs that can be slow, and can vanish. */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface InputServer {
  readonly base: string;
  /** Requests answered so far. */
  readonly served: number;
  /** From now on every request gets 404. */
  vanish(): void;
  close(): Promise<void>;
}

/** Serves `HEX.json` files of `folder`. Names in `slow` get a byte now and then, for ever. */
export async function startInputServer(folder: string, slow: ReadonlySet<string> = new Set()): Promise<InputServer> {
  let gone = false;
  let served = 0;
  const drips = new Set<NodeJS.Timeout>();
  const drip = (response: ServerResponse): void => {
    response.write('{');
    const timer = setInterval(() => response.write(' '), 200);
    drips.add(timer);
    response.once('close', () => clearInterval(timer));
  };
  const server = createServer((request, response) => {
    const name = request.url!.slice(1);
    if (gone) return void response.writeHead(404).end();
    if (slow.has(name)) return drip(response);
    readFile(join(folder, name)).then(
      (text) => ((served += 1), response.end(text)),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get served() {
      return served;
    },
    vanish: () => {
      gone = true;
    },
    async close() {
      for (const timer of drips) clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
