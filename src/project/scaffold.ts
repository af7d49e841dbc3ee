import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import { COMPONENT_NAME, PROJECT_NAME } from '../contracts/ids.ts';
import { explainFileError } from './file-errors.ts';
import { PROJECT_FILE } from './find-project.ts';
import { initRepository, type RepositoryState } from './git.ts';
import { iceosRoot } from './iceos-package.ts';
import { type PackageManager, packageManagerOf } from './package-manager.ts';
import { slug } from './slug.ts';
import { findTemplate, renderSteps, renderTemplate, type TemplateValues } from './templates.ts';
import { iceVersion } from './toolchain.ts';
import { type PlannedFile, planFiles, writeFiles } from './write-files.ts';

export interface NextStep {
  command: string;
  note?: string;
}

/** What `ice init` and `ice new` made; the JSON form is this. */
export interface Scaffolded {
  /** Absolute. */
  dir: string;
  template: string;
  /** `unchanged`: everything was there already. */
  state: 'created' | 'extended' | 'unchanged';
  /** What was written, relative to `dir`. */
  files: string[];
  /** What was there and stays as it is. */
  kept: string[];
  nextSteps: NextStep[];
  git?: RepositoryState;
}

export interface InitOptions {
  /** The folder to fill; made when it is not there. */
  dir: string;
  template: string;
  /** Name of the project; made from the folder's name unless said. */
  name?: string;
  /** Adds what is missing to a folder that has something in it. */
  merge?: boolean;
  /** False = leave git alone. */
  git?: boolean;
  env?: Readonly<Record<string, string | undefined>>;
  /** Where the user stands, for `cd` in the next steps; the process's folder unless said. */
  from?: string;
}

/** What may lie in a folder that counts as empty. */
const NOTHING = new Set(['.git', '.DS_Store', 'Thumbs.db', 'desktop.ini']);

/**
 * Fills a folder from a template. What is there is never overwritten: a folder that has everything is `unchanged`, one
 * that has something else is refused (`conflict`) unless `merge`. Errors: `usage`, `conflict`, `read_only`, `disk_full`.
 */
export async function initProject(options: InitOptions): Promise<Scaffolded> {
  const dir = resolve(options.dir);
  const env = options.env ?? process.env;
  const template = findTemplate(options.template);
  const manager = packageManagerOf(dir, env);
  const values = valuesOf(projectName(options.name, dir), '', manager);
  const files = planFiles(dir, await renderTemplate(template, 'files', values));

  const complete = files.every((file) => file.action !== 'create');
  const found = entriesOf(dir).filter((name) => !NOTHING.has(name));
  if (found.length > 0 && !complete && !options.merge) {
    const some = found.slice(0, 3).join(', ');
    throw new IceError(
      'conflict',
      `The folder ${dir} is not empty: it has ${some}${found.length > 3 ? ', …' : ''}.`,
      {
        hint: 'Add what is missing, without changing what is there: ice init --merge. Or name a new folder.',
        details: { dir, found: found.slice(0, 50) },
      },
    );
  }
  // Without --merge a second run changes nothing at all, also not what could be extended.
  const plan: PlannedFile[] =
    complete && !options.merge ? files.map((file) => ({ ...file, action: 'keep' })) : files;
  writeFiles(dir, plan);
  const git = options.git === false || options.merge ? undefined : await initRepository(dir, env);
  const steps = await renderSteps(template.next, values);
  return {
    ...outcome(dir, template.name, plan),
    nextSteps: [...comeHere(dir, options.from), ...installStep(dir, manager), ...steps],
    ...(git === undefined ? {} : { git }),
  };
}

export interface NewOptions {
  /** The project's folder. */
  root: string;
  kind: 'tool' | 'workflow' | 'agent';
  name: string;
  /** The template to take; that of the kind unless said. */
  template?: string;
  env?: Readonly<Record<string, string | undefined>>;
  from?: string;
}

/**
 * Adds a component to a project. Errors: `usage` for a name or template that does not fit, `conflict` when a file of
 * it is there with other content.
 */
export async function newComponent(options: NewOptions): Promise<Scaffolded> {
  const { root, kind, name } = options;
  if (!COMPONENT_NAME.test(name) || name.startsWith('std/') || name.length > 60) {
    const meant = slug(name);
    throw new IceError('usage', `"${name.slice(0, 60)}" can't be the name of a component.`, {
      hint: `Lower-case letters, digits and dashes${COMPONENT_NAME.test(meant) ? `: ice new ${kind} ${meant}` : ', starting with a letter.'}`,
    });
  }
  const template = findTemplate(options.template ?? kind);
  if (template.adds !== kind)
    throw new IceError('usage', `The template ${template.name} does not make a ${kind}.`, {
      hint: template.adds
        ? `ice new ${template.adds} ${name} --template ${template.name}`
        : `ice new ${kind} ${name}`,
    });

  const env = options.env ?? process.env;
  const values = valuesOf(basename(root), name, packageManagerOf(root, env));
  const rendered = await renderTemplate(template, 'new', values);
  const plan = planFiles(root, rendered);
  for (const [index, file] of plan.entries()) {
    if (file.action === 'create' || file.text === rendered[index]!.text) continue;
    throw new IceError('conflict', `${file.path} is there already, with other content.`, {
      hint: `Choose another name, or remove the file: ice new ${kind} ${name}-2`,
      details: { file: file.path },
    });
  }
  writeFiles(root, plan);
  return {
    ...outcome(root, template.name, plan),
    nextSteps: [...comeHere(root, options.from), ...(await renderSteps(template.nextNew, values))],
  };
}

function outcome(dir: string, template: string, plan: readonly PlannedFile[]) {
  const written = plan.filter((file) => file.action !== 'keep');
  const state: Scaffolded['state'] =
    written.length === 0 ? 'unchanged' : written.length === plan.length ? 'created' : 'extended';
  return {
    dir,
    template,
    state,
    files: written.map((file) => file.path),
    kept: plan.filter((file) => file.action === 'keep').map((file) => file.path),
  };
}

function valuesOf(project: string, name: string, manager: PackageManager): TemplateValues {
  const ours = JSON.parse(readFileSync(join(iceosRoot(), 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const { install, test, exec } = manager;
  return {
    project,
    name,
    iceVersion: iceVersion(),
    zodVersion: ours.dependencies['zod']!,
    install,
    test,
    exec,
  };
}

/** `cd` where it is needed, quoted where a shell would split it. */
function comeHere(dir: string, from = process.cwd()): NextStep[] {
  const near = relative(from, dir);
  const path = near.startsWith('..') ? dir : near;
  if (path === '') return [];
  return [{ command: `cd ${/^[\w./\\:@+-]+$/.test(path) ? path : `"${path.replace(/["$`\\]/g, '\\$&')}"`}` }];
}

const installStep = (dir: string, manager: PackageManager): NextStep[] =>
  existsSync(join(dir, 'node_modules', 'iceos'))
    ? []
    : [{ command: manager.install, note: 'ice itself, and editor types' }];

function entriesOf(dir: string): string[] {
  try {
    if (existsSync(dir) && !statSync(dir).isDirectory())
      throw new IceError('conflict', `${dir} is a file.`, { hint: 'Name a folder: ice init my-project' });
    return existsSync(dir) ? readdirSync(dir) : [];
  } catch (error) {
    throw explainFileError(error, dir, 'read');
  }
}

function projectName(name: string | undefined, dir: string): string {
  if (name === undefined) return slug(basename(dir)) || 'my-project';
  if (PROJECT_NAME.test(name)) return name;
  throw new IceError('usage', `"${name.slice(0, 60)}" can't be the name of a project.`, {
    hint: `Lower-case letters, digits and dashes, at most 63${slug(name) === '' ? '' : `: ${slug(name)}`}`,
  });
}

/** Whether a folder is a project already. */
export const isProject = (dir: string): boolean => existsSync(join(resolve(dir), PROJECT_FILE));
