import { type BuiltBundle, bundle, bundleTogether } from './bundle.ts';

/** Modules bundled at once: enough that what they share costs little, few enough to be held in memory. */
const GROUP = 24;

/** The bundles of modules that are asked for one after the other; each group is made ahead of the first question. */
export class Bundles {
  private readonly root: string;
  private readonly files: readonly string[];
  private readonly groups: Promise<Map<string, BuiltBundle>>[] = [];

  /** @param files absolute, in the order in which they will be asked for */
  constructor(root: string, files: readonly string[]) {
    this.root = root;
    this.files = files;
  }

  /** The bundle of a module for the sandbox. Errors: those of `bundle`. */
  async of(file: string): Promise<BuiltBundle> {
    const { root } = this;
    const at = this.files.indexOf(file);
    if (at < 0 || this.files.length === 1) return bundle({ root, file });
    const number = Math.floor(at / GROUP);
    const group = await this.group(number);
    // While these are loaded in the sandbox, the bundler has time for the next ones.
    if (at + GROUP < this.files.length) this.group(number + 1);
    const made = group.get(file);
    group.delete(file);
    return made ?? bundle({ root, file });
  }

  private group(number: number): Promise<Map<string, BuiltBundle>> {
    const files = this.files.slice(number * GROUP, (number + 1) * GROUP);
    // Nobody may wait for a group that is made ahead; whatever is wrong is found by each module that is asked for.
    this.groups[number] ??= bundleTogether(this.root, files).catch(() => new Map());
    return this.groups[number];
  }
}
