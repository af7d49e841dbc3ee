import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, cleanEnv } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = join(import.meta.dirname, '../..');

/** The fenced blocks of a page, in order: commands to run, and files to write. */
// biome-ignore lint/suspicious/noExplicitAny: two shapes, told apart where they are read
function blocks(page: string): any[] {
  return [...page.matchAll(/^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm)].flatMap(
    ([, language, file, text]): Record<string, unknown>[] => {
      if (file !== undefined) return [{ file, text: text! }];
      if (language !== 'console') return [];
      return [
        {
          commands: text!
            .split('\n')
            .filter((line) => line.startsWith('$ '))
            .map((line) => line.slice(2)),
        },
      ];
    },
  );
}

test.each([
  { page: 'tutorial.md', atLeast: 14 },
  { page: 'workflows-in-typescript.md', atLeast: 6 },
])(
  '$page works as it stands, in an empty folder',
  ({ page, atLeast }) => {
    const home = tempFolder();
    const shims = join(home, 'shims');
    mkdirSync(shims);
    const shim = (name: string, script: string): void => {
      writeFileSync(join(shims, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(shims, name), 0o755);
    };
    // `npx iceos` works anywhere; `npx ice` only where the project was installed, as elsewhere it is another's package.
    shim(
      'npx',
      `[ "$1" = iceos ] || [ -d node_modules ] || exit 99\nshift\nexec "${process.execPath}" "${BIN}" "$@"`,
    );
    shim('npm', '[ "$*" = install ] && [ -f package.json ] && mkdir node_modules');
    let cwd = join(home, 'empty');
    mkdirSync(cwd);
    let ran = 0;
    for (const block of blocks(readFileSync(join(root, 'docs', page), 'utf8'))) {
      if ('file' in block) {
        mkdirSync(dirname(join(cwd, block.file)), { recursive: true });
        writeFileSync(join(cwd, block.file), block.text);
        continue;
      }
      for (const command of block.commands) {
        if (command.startsWith('cd ')) {
          cwd = join(cwd, command.slice(3));
          continue;
        }
        const exit = Number(/# exit (\d+)/.exec(command)?.[1] ?? 0);
        const env = cleanEnv(home, { PATH: `${shims}:${process.env['PATH']}`, CI: '1' });
        const done = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8', input: '' });
        expect(done.status, `${command}\n${done.stdout}\n${done.stderr}`).toBe(exit);
        ran++;
      }
    }
    expect(ran).toBeGreaterThanOrEqual(atLeast);
  },
  120_000,
);
