/**
 * What is slow to make and can be made again, on disk: compiled gadgets and contracts. An entry is bound to its
 * recipe (all that determines it: sources, parameters, settings, compiler) and carries the hash of its content; one
 * that does not match is treated as absent. Entries are written under a temporary name and renamed.
 *
 * The trap: a hash that travels with an entry says nothing about who wrote it, and a poisoned entry changes circuits
 * silently. So the folder is the user's alone (XDG base directory specification: mode 0700), and a folder or an entry
 * that another user owns or can write is not read. Nothing here protects from programs that run as the same user:
 * those can change the installed package as well.
 */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** All that determines an entry, as a JSON value. Two equal recipes give the same bytes. */
export type Recipe = Readonly<Record<string, unknown>>;

export interface StoreOptions {
  /**
   * The folder is part of the installation and is trusted as the program itself is, whoever owns it; it is readable
   * by all users. By default the folder must be the user's own.
   */
  readonly installed?: boolean;
}

const MAGIC = 'zkinfer-cache 1';
const EXTENSION = '.entry';
/** Larger files are no entries; the largest gadgets and contracts take a few megabytes. */
const MOST_BYTES = 2 ** 28;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Where the user's cache is: `ZKINFER_CACHE`, else `zkinfer` in the user's cache folder by the XDG base directory
 * specification, by which a relative `XDG_CACHE_HOME` is ignored.
 */
export function cacheFolder(): string {
  const { ZKINFER_CACHE: own, XDG_CACHE_HOME: base } = process.env;
  if (own) return path.resolve(own);
  return path.join(base && path.isAbsolute(base) ? base : path.join(os.homedir(), '.cache'), 'zkinfer');
}

/** Entries of one kind, below a cache's folder. */
export class Store {
  private readonly folder: string;

  constructor(
    private readonly root: string,
    kind: string,
    private readonly options: StoreOptions = {},
  ) {
    this.folder = path.join(root, kind);
  }

  /** The content made by this recipe; undefined where there is no entry that is whole and can be trusted. */
  read(recipe: Recipe): Buffer | undefined {
    if (!this.isUsable()) return undefined;
    const bytes = this.readFile(this.pathOf(recipe));
    const end = bytes?.indexOf('\n') ?? -1;
    const next = bytes?.indexOf('\n', end + 1) ?? -1;
    if (bytes === undefined || end < 0 || next < 0 || bytes.toString('utf8', 0, end) !== MAGIC) return undefined;
    const content = bytes.subarray(next + 1);
    return bytes.toString('utf8', end + 1, next) === header(recipe, content) ? content : undefined;
  }

  /**
   * Keeps what a recipe made. A folder that cannot be written only costs time at the next run, so failure is silent.
   */
  write(recipe: Recipe, content: Uint8Array): void {
    const target = this.pathOf(recipe);
    const temporary = `${target}.tmp-${process.pid}-${randomBytes(6).toString('hex')}`;
    const [folderMode, fileMode] = this.options.installed ? [0o755, 0o644] : [0o700, 0o600];
    try {
      if (!this.isUsable()) return;
      fs.mkdirSync(this.folder, { recursive: true, mode: folderMode });
      try {
        fs.writeFileSync(temporary, Buffer.concat([Buffer.from(`${MAGIC}\n${header(recipe, content)}\n`), content]), {
          flag: 'wx',
          mode: fileMode,
        });
        fs.renameSync(temporary, target);
      } finally {
        fs.rmSync(temporary, { force: true });
      }
    } catch {
      return;
    }
  }

  /** Removes every file of this kind but the entries of these recipes. */
  keepOnly(recipes: readonly Recipe[]): void {
    const kept = new Set(recipes.map((recipe) => this.pathOf(recipe)));
    for (const name of fs.readdirSync(this.folder)) {
      const entry = path.join(this.folder, name);
      if (!kept.has(entry)) fs.rmSync(entry, { force: true });
    }
  }

  /** The file of a recipe's entry. */
  pathOf(recipe: Recipe): string {
    return path.join(this.folder, `${sha256(JSON.stringify(recipe))}${EXTENSION}`);
  }

  /** Whether the folders, where they exist, belong to the user. Takes write permission away from others. */
  private isUsable(): boolean {
    return this.options.installed === true || [this.root, this.folder].every((folder) => isOwnFolder(folder));
  }

  private readFile(file: string): Buffer | undefined {
    let descriptor: number | undefined;
    try {
      // No link is followed, and a pipe is not waited for.
      const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
      descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      const stat = fs.fstatSync(descriptor);
      if (!stat.isFile() || stat.size > MOST_BYTES) return undefined;
      if (!this.options.installed && !isOwn(stat)) return undefined;
      return fs.readFileSync(descriptor);
    } catch {
      return undefined;
    } finally {
      if (descriptor !== undefined) fs.closeSync(descriptor);
    }
  }
}

function header(recipe: Recipe, content: Uint8Array): string {
  return JSON.stringify({ recipe, sha256: sha256(content) });
}

/**
 * Whether only this user can have written it. Windows has no user numbers; there the access list of the profile folder
 * protects the cache.
 */
function isOwn({ uid, mode }: fs.Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || (uid === user && (mode & WRITABLE_BY_OTHERS) === 0);
}

const warned = new Set<string>();

function isOwnFolder(folder: string): boolean {
  let stat: fs.Stats;
  try {
    stat = fs.lstatSync(folder);
  } catch (error) {
    // A missing folder can be used: `write` makes it.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  const user = process.geteuid?.();
  if (!stat.isDirectory()) return refuse(folder, stat.isSymbolicLink() ? 'is a symbolic link' : 'is no folder');
  if (user !== undefined && stat.uid !== user) return refuse(folder, `belongs to another user (uid ${stat.uid})`);
  if (isOwn(stat)) return true;
  try {
    // Entries that others wrote before this belong to them, and `isOwn` refuses those.
    fs.chmodSync(folder, 0o700);
    return true;
  } catch {
    return refuse(folder, 'can be written by other users');
  }
}

/** Says once for each folder that it is not used. */
function refuse(folder: string, why: string): false {
  if (!warned.has(folder)) {
    warned.add(folder);
    process.emitWarning(
      `the cache ${folder} ${why}, so it is not used; set ZKINFER_CACHE to a folder of your own`,
      'CacheWarning',
    );
  }
  return false;
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
