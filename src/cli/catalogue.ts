import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IceError } from '../contracts/errors.ts';

/** A flag or argument as help, completion and `ice commands --json` need it. */
export interface FlagCard {
  name: string;
  type?: 'boolean' | 'option';
  char?: string;
  description?: string;
  helpGroup?: string;
  helpValue?: string;
  options?: string[];
  default?: unknown;
  required?: boolean;
  multiple?: boolean;
  hidden?: boolean;
}

/** What the manifest says of a command: everything but its code. */
export interface CommandCard {
  id: string;
  summary?: string;
  description?: string;
  examples: string[];
  args: Record<string, FlagCard>;
  flags: Record<string, FlagCard>;
  readOnly: boolean;
  exitCodes: number[];
  hidden?: boolean;
  /** From the folder that the commands are in. */
  relativePath: string[];
}

export interface Manifest {
  version: string;
  commands: Record<string, CommandCard>;
}

/** The commands that there are, known without loading one of them. */
export class Catalogue {
  readonly cards: CommandCard[];
  readonly ids: ReadonlySet<string>;
  readonly version: string;
  readonly #folder: string;

  constructor(manifest: Manifest, folder: string, version: string) {
    this.cards = Object.values(manifest.commands).sort((a, b) => (a.id < b.id ? -1 : 1));
    this.ids = new Set(this.cards.map((card) => card.id));
    this.version = version;
    this.#folder = folder;
  }

  /** `dist`: from the manifest that the build made. `src`: found and loaded one by one, for work on ice itself. */
  static async open(root: string, commands: 'dist' | 'src', version: string): Promise<Catalogue> {
    if (commands === 'src') {
      const { discover } = await import('./discover.ts');
      return new Catalogue(await discover(root), root, version);
    }
    const folder = join(root, 'dist');
    const manifest = JSON.parse(readFileSync(join(folder, 'oclif.manifest.json'), 'utf8')) as Manifest;
    return new Catalogue(manifest, folder, version);
  }

  card(id: string): CommandCard | undefined {
    return this.cards.find((card) => card.id === id);
  }

  /** `--target`, `-i`, …: flags that take the next word as their value. */
  get valueFlags(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const card of this.cards) {
      for (const flag of Object.values(card.flags)) {
        if (flag.type !== 'option') continue;
        names.add(`--${flag.name}`);
        if (flag.char) names.add(`-${flag.char}`);
      }
    }
    return names;
  }

  /** The class of a command: the only file of all commands that is loaded. */
  async load(id: string): Promise<new (argv: string[], config: never) => object> {
    const card = this.card(id);
    if (!card) throw new IceError('internal', `no command ${id}`);
    const module = (await import(pathToFileURL(join(this.#folder, ...card.relativePath)).href)) as {
      default: new (argv: string[], config: never) => object;
    };
    return module.default;
  }
}
