import os from 'node:os';
import path from 'node:path';

/** Where what is slow to make and can be made again is kept: `ZKINFER_CACHE`, else the user's cache folder by the XDG convention. */
export function cacheFolder(): string {
  return process.env.ZKINFER_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'zkinfer');
}
