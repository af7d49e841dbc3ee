import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { IceError } from '../contracts/errors.ts';
import { projectNameSchema } from '../contracts/id-schemas.ts';
import { explainFileError } from './file-errors.ts';

/** A name of a target: what `--target` and `ICE_TARGET` say. */
export const targetNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,49}$/i);

export const targetSchema = z.object({ url: z.url(), project: projectNameSchema.optional() });
export type TargetEntry = z.infer<typeof targetSchema>;

/** The user's own config; fields that a newer ice wrote are kept. */
export const userConfigSchema = z.looseObject({
  target: z.string().optional(),
  project: projectNameSchema.optional(),
  database: z.string().optional(),
  durability: z.enum(['full', 'normal']).optional(),
  targets: z.record(targetNameSchema, targetSchema).default({}),
});
export type UserConfig = z.infer<typeof userConfigSchema>;

export const EMPTY_USER_CONFIG: UserConfig = { targets: {} };

export const userConfigPath = (folder: string): string => join(folder, 'config.json');

/**
 * The user's config in `folder`; an absent file is an empty config. It is read directly, because the library that
 * writes it costs more to load than the rest of a command.
 * Errors: `machine` when the file is damaged.
 */
export function readUserConfig(folder: string): UserConfig {
  const path = userConfigPath(folder);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return structuredClone(EMPTY_USER_CONFIG);
    throw explainFileError(error, path, 'read');
  }
  const damaged = (why: string): IceError =>
    new IceError('machine', `The config ${path} can't be used: ${why}.`, {
      hint: 'Correct it, or move it away: ice starts with an empty one.',
      details: { path },
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  const parsed = userConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw damaged(`${issue.path.join('.') || 'it'}: ${issue.message}`);
}

/** Changes the user's config: `change` gets what is there and gives back what shall be there. */
export async function updateUserConfig(
  folder: string,
  change: (config: UserConfig) => UserConfig,
): Promise<UserConfig> {
  const config = change(readUserConfig(folder));
  const { default: Conf } = await import('conf');
  try {
    const store = new Conf({ cwd: folder, configName: 'config', configFileMode: 0o600 });
    store.store = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  } catch (error) {
    throw explainFileError(error, userConfigPath(folder), 'write');
  }
  return config;
}
