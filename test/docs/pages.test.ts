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
  { page: 'tutorial.md', atLeast: 13 },
  { page: 'workflows-in-typescript.md', atLeast: 5 },
])(
  '$page works as it stands, in an empty folder',
  ({ page, atLeast }) => {
    const home = tempFolder();
    // `npx iceos` and `npx ice` are what an installed package gives; here both are this build.
    const shim = join(home, 'shim', 'npx');
    mkdirSync(dirname(shim));
    writeFileSync(shim, `#!/bin/sh\nshift\nexec "${process.execPath}" "${BIN}" "$@"\n`);
    chmodSync(shim, 0o755);
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
        const env = cleanEnv(home, { PATH: `${dirname(shim)}:${process.env['PATH']}`, CI: '1' });
        const done = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8', input: '' });
        expect(done.status, `${command}\n${done.stdout}\n${done.stderr}`).toBe(exit);
        ran++;
      }
    }
    expect(ran).toBeGreaterThanOrEqual(atLeast);
  },
  120_000,
);
