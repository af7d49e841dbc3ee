import { hash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuiltBundle, BundleInput } from './bundle.ts';

/** What building a module came to: the bundle, and what it says of itself (a tool, or the document of a workflow). */
export interface Built<Said> {
  code: string;
  digest: string;
  sourcesDigest: string;
  said: Said;
  warnings: BuiltBundle['warnings'];
  /** Files of the project that went into the bundle, relative to it. */
  ownFiles: string[];
}

interface Entry<Said> extends Omit<Built<Said>, 'code'> {
  file: string;
  toolchain: string;
  inputs: Pick<BundleInput, 'path' | 'sha'>[];
}

/** Entries of files that were not built for this long are removed, so that the folder does not grow for ever. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** Files that are kept besides those of the build at hand, which are kept however many they are. */
const MOST_OTHERS = 4_000;

/**
 * Built modules in `.ice/cache/tools`, so that an unchanged one costs neither the bundler nor a child process. An entry
 * is believed only if every file that went into the bundle still has the same content, and the code is still what its
 * digest says. Writers may race: each file is written aside and moved into place. Whatever is damaged counts as absent.
 */
export class BuildCache<Said extends object> {
  private readonly root: string;
  private readonly folder: string;
  private readonly toolchain: string;
  private writable = true;
  /** What most tools share (a schema library has a hundred files) is read once a build, not once a tool. */
  private readonly shas = new Map<string, string>();
  /** Files of the cache that this build read or wrote. */
  private readonly used = new Set<string>();

  /** `toolchain` names everything besides the sources that the result depends on. */
  constructor(root: string, toolchain: string) {
    this.root = root;
    this.folder = join(root, '.ice', 'cache', 'tools');
    this.toolchain = toolchain;
  }

  get(file: string): Built<Said> | undefined {
    const entry = this.read(file);
    if (!entry) return undefined;
    for (const input of entry.inputs)
      if (this.shaOf(resolve(this.root, input.path)) !== input.sha) return undefined;
    let code: string;
    try {
      code = readFileSync(this.codeFile(entry.digest), 'utf8');
    } catch {
      return undefined;
    }
    if (`sha256:${hash('sha256', code, 'hex')}` !== entry.digest) return undefined;
    const { digest, sourcesDigest, said, warnings, ownFiles } = entry;
    this.used.add(this.entryFile(file)).add(this.codeFile(digest));
    return { code, digest, sourcesDigest, said, warnings, ownFiles };
  }

  put(file: string, built: Built<Said>, inputs: readonly BundleInput[]): void {
    const { code, ...rest } = built;
    const entry: Entry<Said> = {
      ...rest,
      file,
      toolchain: this.toolchain,
      inputs: [...inputs, ...this.settings()].map(({ path, sha }) => ({ path, sha })),
    };
    // The code first: an entry never points at code that is not there yet.
    this.write(this.codeFile(built.digest), code);
    this.write(this.entryFile(file), JSON.stringify(entry));
    this.used.add(this.entryFile(file)).add(this.codeFile(built.digest));
  }

  /** Removes what was not used for a month, and of what this build did not use what is beyond the most kept. */
  sweep(now = Date.now()): void {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch {
      return;
    }
    const files = names
      .map((name) => join(this.folder, name))
      .filter((path) => !this.used.has(path))
      .map((path) => ({ path, usedAt: usedAt(path) }))
      .sort((a, b) => b.usedAt - a.usedAt);
    for (const [index, { path, usedAt: at }] of files.entries())
      if (index >= MOST_OTHERS || now - at > KEPT_MS) remove(path);
  }

  /** Files that steer the bundler without being part of the bundle; an absent one counts as such. */
  private settings(): { path: string; sha: string }[] {
    return ['package.json', 'tsconfig.json'].map((path) => ({
      path,
      sha: this.shaOf(join(this.root, path)),
    }));
  }

  private shaOf(path: string): string {
    let sha = this.shas.get(path);
    if (sha === undefined) {
      sha = shaOf(path);
      this.shas.set(path, sha);
    }
    return sha;
  }

  private read(file: string): Entry<Said> | undefined {
    const path = this.entryFile(file);
    let entry: Entry<Said>;
    try {
      entry = JSON.parse(readFileSync(path, 'utf8')) as Entry<Said>;
    } catch {
      return undefined;
    }
    const whole = entry?.file === file && entry.toolchain === this.toolchain && Array.isArray(entry.inputs);
    if (!whole || typeof entry.digest !== 'string' || typeof entry.said !== 'object' || entry.said === null)
      return undefined;
    if (Date.now() - usedAt(path) > KEPT_MS / 2) this.touch(path, this.codeFile(entry.digest));
    return entry;
  }

  private touch(...paths: string[]): void {
    const now = new Date();
    for (const path of paths)
      try {
        utimesSync(path, now, now);
      } catch {
        // A cache that can't be written still serves.
      }
  }

  private write(path: string, text: string): void {
    if (!this.writable) return;
    const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(aside, text);
      renameSync(aside, path);
    } catch {
      // A read-only or full disk: the build goes on without a cache, and says nothing, because nothing is lost.
      this.writable = false;
      remove(aside);
    }
  }

  private readonly entryFile = (file: string): string =>
    join(this.folder, `${hash('sha256', file, 'hex').slice(0, 32)}.json`);
  private readonly codeFile = (digest: string): string =>
    join(this.folder, `${digest.replace(/[^0-9a-z]/g, '-').slice(0, 80)}.js`);
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What can't be removed is swept another time.
  }
}

function shaOf(path: string): string {
  try {
    return hash('sha256', readFileSync(path), 'hex');
  } catch {
    return 'absent';
  }
}

function usedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
