import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { IceError } from '../contracts/errors.ts';
import { suggest } from '../language/expressions/suggest.ts';
import { iceosRoot } from './iceos-package.ts';

const stepSchema = z.strictObject({
  /** A command line; rendered like a file. */
  run: z.string(),
  note: z.string().optional(),
});

/** `templates/<name>/template.yaml`. */
const templateFileSchema = z.strictObject({
  summary: z.string(),
  /** What `ice new` adds with it, if it can. */
  adds: z.enum(['tool', 'agent', 'workflow']).optional(),
  /** What to try after `ice init`. */
  next: z.array(stepSchema).default([]),
  /** What to try after `ice new`. */
  nextNew: z.array(stepSchema).default([]),
});

export interface Template extends z.infer<typeof templateFileSchema> {
  name: string;
  folder: string;
}

/** What files and next steps of a template may say. */
export interface TemplateValues {
  /** Name of the project. */
  project: string;
  /** Name of the component that is added (`ice new`). */
  name: string;
  iceVersion: string;
  zodVersion: string;
  /** `npm install`, `npm test`, `npx` in the words of the package manager that is used. */
  install: string;
  test: string;
  exec: string;
}

const templatesFolder = (): string => join(iceosRoot(), 'templates');
/** What every project has: its files come first, and a template may have its own instead. */
const BASE = '_base';

const templateNames = (): string[] =>
  readdirSync(templatesFolder(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== BASE)
    .map((entry) => entry.name)
    .sort();

/** The templates that ship with ice, by name. */
export const listTemplates = (): Template[] => templateNames().map(readTemplate);

/** One template. Errors: `usage` when there is none of that name. */
export function findTemplate(name: string): Template {
  const names = templateNames();
  if (names.includes(name)) return readTemplate(name);
  const near = suggest(name, names);
  throw new IceError('usage', `There is no template "${name}". There are: ${names.join(', ')}.`, {
    hint: near ? `Did you mean --template ${near}?` : `Choose one: --template ${names[0]}`,
    details: { template: name, templates: names },
  });
}

function readTemplate(name: string): Template {
  const folder = join(templatesFolder(), name);
  const text = readFileSync(join(folder, 'template.yaml'), 'utf8');
  return { ...templateFileSchema.parse(parse(text)), name, folder };
}

export interface RenderedFile {
  /** Relative to the folder that is filled, with `/`. */
  path: string;
  text: string;
}

/**
 * The files of a template: `files` fills a new project, `new` adds a component to one. Names and the text of `.hbs`
 * files are rendered; `dot-` at the start of a name stands for the dot that packing a package would lose.
 */
export async function renderTemplate(
  template: Template,
  part: 'files' | 'new',
  values: TemplateValues,
): Promise<RenderedFile[]> {
  const render = await renderer(values);
  const folders = [...(part === 'files' ? [join(templatesFolder(), BASE)] : []), join(template.folder, part)];
  const files = new Map<string, RenderedFile>();
  for (const folder of folders)
    for (const name of filesIn(folder)) {
      const text = readFileSync(join(folder, name), 'utf8');
      const dotted = name
        .split(sep)
        .map((each) => each.replace(/^dot-/, '.'))
        .join('/');
      const rendered = dotted.endsWith('.hbs');
      const path = render(rendered ? dotted.slice(0, -'.hbs'.length) : dotted);
      files.set(path, { path, text: rendered ? render(text) : text });
    }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

/** The next steps of a template, rendered. */
export async function renderSteps(
  steps: Template['next'],
  values: TemplateValues,
): Promise<{ command: string; note?: string }[]> {
  const render = await renderer(values);
  return steps.map(({ run, note }) => ({
    command: render(run),
    ...(note === undefined ? {} : { note: render(note) }),
  }));
}

async function renderer(values: TemplateValues): Promise<(text: string) => string> {
  const { default: Handlebars } = await import('handlebars');
  // `strict`: a name that is not a value is an error, and not an empty place in the user's file.
  return (text) => Handlebars.compile(text, { noEscape: true, strict: true })(values);
}
