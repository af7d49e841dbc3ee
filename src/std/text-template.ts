import { z } from 'zod';
import { defineTool, TerminalError } from '../authoring/index.ts';
import { parseTemplate, renderTemplate, TemplateError } from './template/render.ts';

export default defineTool({
  name: 'std/text-template',
  version: '1.0.0',
  description: 'Fills a text template: values, sections over lists, conditions',
  input: z.object({
    template: z
      .string()
      .max(1_000_000)
      .describe('[[ name ]], [[# list ]]…[[/ list ]], [[^ list ]]…[[/ list ]], [[! comment ]]'),
    data: z.record(z.string(), z.unknown()).describe('The values by name; a dot goes down: [[ user.name ]]'),
    partials: z
      .record(z.string(), z.string())
      .default({})
      .describe('Templates that are put in by [[> name ]]'),
    delimiters: z
      .tuple([z.string().min(1).max(4), z.string().min(1).max(4)])
      .default(['[[', ']]'])
      .describe(
        'Not {{ }} by default, which the blueprint itself reads; for a template from a file they may be',
      ),
    escape: z
      .enum(['none', 'html', 'xml', 'json', 'url'])
      .default('none')
      .describe('How values are escaped; [[& name ]] is never'),
    missing: z.enum(['error', 'empty']).default('error').describe('What a name without a value is'),
  }),
  output: z.object({ text: z.string() }),
  run({ template, data, partials, delimiters, missing, ...input }) {
    const [open, close] = delimiters;
    if (open === close) throw new TerminalError('The two delimiters must differ');
    try {
      const parsed = parseTemplate(template, open, close);
      const parts = new Map(
        Object.entries(partials).map(([name, text]) => [name, parseTemplate(text, open, close, name)]),
      );
      return {
        text: renderTemplate(parsed, data, { partials: parts, escape: ESCAPES[input.escape], missing }),
      };
    } catch (error) {
      if (error instanceof TemplateError) throw new TerminalError(error.message);
      throw error;
    }
  },
  examples: [
    {
      name: 'a report',
      input: {
        template:
          '# [[ title ]]\n[[# rows ]]\n- [[ name ]]: [[ n ]]\n[[/ rows ]]\n[[^ rows ]]\nNothing.\n[[/ rows ]]\n',
        data: {
          title: 'Report',
          rows: [
            { name: 'a', n: 1 },
            { name: 'b', n: 2.5 },
          ],
        },
      },
      output: { text: '# Report\n- a: 1\n- b: 2.5\n' },
    },
    {
      name: 'escaped for HTML',
      input: { template: '<p>[[ text ]]</p>', data: { text: '<b> & "q"' }, escape: 'html' },
      output: { text: '<p>&lt;b&gt; &amp; &quot;q&quot;</p>' },
    },
  ],
});

const MARKUP: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const markup = (text: string): string => text.replace(/[&<>"']/g, (char) => MARKUP[char]!);

const ESCAPES = {
  none: (text: string) => text,
  html: markup,
  xml: (text: string) => markup(text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')),
  json: (text: string) => JSON.stringify(text).slice(1, -1),
  url: (text: string) => encodeURIComponent(text),
} as const;
