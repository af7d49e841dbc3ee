import { hash } from 'node:crypto';
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { BuiltBundle } from './bundle.ts';
import type { BundleInput } from './bundle-inputs.ts';
import { KEPT_MS, keepFile, readKept, sweepKept, usedAt } from './kept-file.ts';

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
  inputs: Input[];
  /** What is wrong with it, by those who looked: a build of ice, and the policy of a project. */
  findings?: { by: string; list: Diagnostic[] };
  /** When the inputs were last found to have their content, in epoch milliseconds. */
  checkedAt: number;
}

interface Input extends Pick<BundleInput, 'path' | 'sha'> {
  /** What the system said of the file then; any write or replacement changes it. */
  stamp: string;
}

/** A file that changed so shortly before it was looked at may have changed once more in the same tick of its clock. */
const TICK_MS = 2_000;

/**
 * Built modules in `.ice/cache/tools`, so that an unchanged one costs neither the bundler nor a child process. An entry
 * is believed only if every file that went into the bundle still has the same content (it is not read again while its
 * inode, size and time of change are the same, as git does it), and the code is still what its digest says. Writers may
 * race: each file is written aside and moved into place. Whatever is damaged counts as absent.
 */
export class BuildCache<Said extends object> {
  private readonly root: string;
  private readonly folder: string;
  private readonly toolchain: string;
  private writable = true;
  /** What most tools share (a schema library has a hundred files) is looked at once a build, not once a tool. */
  private readonly shas = new Map<string, string>();
  private readonly stamps = new Map<string, Stamp>();
  private readonly entries = new Map<string, Entry<Said>>();
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
    let reread = false;
    for (const input of entry.inputs) {
      const path = resolve(this.root, input.path);
      const { text, changedAt } = this.stampOf(path);
      if (text === input.stamp && changedAt < entry.checkedAt - TICK_MS) continue;
      if (this.shaOf(path) !== input.sha) return undefined;
      reread = true;
    }
    if (reread) this.putEntry(entry);
    else this.entries.set(file, entry);
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
    // The code first: an entry never points at code that is not there yet.
    this.write(this.codeFile(built.digest), code);
    this.putEntry({ ...rest, file, toolchain: this.toolchain, inputs: [...inputs, ...this.settings()] });
    this.used.add(this.entryFile(file)).add(this.codeFile(built.digest));
  }

  /** Writes an entry whose inputs have the content that it says. */
  private putEntry(
    entry: Omit<Entry<Said>, 'checkedAt' | 'inputs'> & { inputs: Pick<Input, 'path' | 'sha'>[] },
  ): void {
    const checkedAt = Date.now();
    const inputs = entry.inputs.map(({ path, sha }) => ({
      path,
      sha,
      stamp: this.stampOf(resolve(this.root, path)).text,
    }));
    const whole = { ...entry, inputs, checkedAt } as Entry<Said>;
    this.entries.set(entry.file, whole);
    this.write(this.entryFile(entry.file), JSON.stringify(whole));
  }

  /** What was wrong with an entry that `get` or `put` knows, if the same looked; nobody who has no name did. */
  findings(file: string, by: string | undefined): Diagnostic[] | undefined {
    const findings = this.entries.get(file)?.findings;
    return by !== undefined && findings?.by === by ? findings.list : undefined;
  }

  keepFindings(file: string, by: string | undefined, list: Diagnostic[]): void {
    const entry = this.entries.get(file);
    if (entry && by !== undefined) this.putEntry({ ...entry, findings: { by, list } });
  }

  /** Removes what was not used for a month, and of what this build did not use what is beyond the most kept. */
  sweep(now = Date.now()): void {
    sweepKept(this.folder, this.used, now);
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

  private stampOf(path: string): Stamp {
    let stamp = this.stamps.get(path);
    if (!stamp) {
      stamp = stampOf(path);
      this.stamps.set(path, stamp);
    }
    return stamp;
  }

  private read(file: string): Entry<Said> | undefined {
    const path = this.entryFile(file);
    const entry = readKept(path) as Entry<Said> | undefined;
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
    this.writable &&= keepFile(path, text);
  }

  private readonly entryFile = (file: string): string =>
    join(this.folder, `${hash('sha256', file, 'hex').slice(0, 32)}.json`);
  private readonly codeFile = (digest: string): string =>
    join(this.folder, `${digest.replace(/[^0-9a-z]/g, '-').slice(0, 80)}.js`);
}

interface Stamp {
  text: string;
  changedAt: number;
}

/** Time of change, not of modification: that one is what an installer says it is, and the same for every version. */
function stampOf(path: string): Stamp {
  try {
    const { ino, size, ctimeMs } = statSync(path);
    return { text: `${ino} ${size} ${ctimeMs}`, changedAt: ctimeMs };
  } catch {
    return { text: 'absent', changedAt: 0 };
  }
}

function shaOf(path: string): string {
  try {
    return hash('sha256', readFileSync(path), 'hex');
  } catch {
    return 'absent';
  }
}
