/** `initialized`: a repository was made; `inside`: the folder is in one already; `absent`: there is no git here. */
export type RepositoryState = 'initialized' | 'inside' | 'absent';

/** Makes a repository of a folder that is in none. A git that is missing or fails is no reason to fail. */
export async function initRepository(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RepositoryState> {
  const { execa } = await import('execa');
  // Variables of a surrounding git (a hook, a rebase) would point it at another repository.
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('GIT_')));
  const git = (...args: string[]) =>
    execa('git', args, {
      cwd: dir,
      env: own,
      extendEnv: false,
      reject: false,
      timeout: 10_000,
      stdin: 'ignore',
    });
  const inside = await git('rev-parse', '--is-inside-work-tree');
  if (inside.exitCode === 0 && inside.stdout.trim() === 'true') return 'inside';
  const made = await git('init', '--quiet');
  return made.exitCode === 0 ? 'initialized' : 'absent';
}
