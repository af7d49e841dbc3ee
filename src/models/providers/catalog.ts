/** A provider that ice reaches through the AI SDK: its package, the names of its key, and the variable of its address. */
export interface ProviderInfo {
  package: string;
  /** Names of the secret or variable that holds the key, the first that is set wins. */
  keys: readonly string[];
  /** Whether it answers without a key, as servers on one's own machine do. */
  keyOptional?: true;
  baseUrl: string;
  /** Absent: the address must be given. */
  defaultUrl?: string;
}

/** The names are those of the AI SDK and of the vendors' own tools, so that a set-up environment works as it is. */
export const PROVIDERS = {
  openai: {
    package: '@ai-sdk/openai',
    keys: ['OPENAI_API_KEY'],
    baseUrl: 'OPENAI_BASE_URL',
    defaultUrl: 'https://api.openai.com/v1',
  },
  anthropic: {
    package: '@ai-sdk/anthropic',
    keys: ['ANTHROPIC_API_KEY'],
    baseUrl: 'ANTHROPIC_BASE_URL',
    defaultUrl: 'https://api.anthropic.com/v1',
  },
  google: {
    package: '@ai-sdk/google',
    keys: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY'],
    baseUrl: 'GOOGLE_GENERATIVE_AI_BASE_URL',
    defaultUrl: 'https://generativelanguage.googleapis.com/v1beta',
  },
  'openai-compatible': {
    package: '@ai-sdk/openai-compatible',
    keys: ['OPENAI_COMPATIBLE_API_KEY'],
    keyOptional: true,
    baseUrl: 'OPENAI_COMPATIBLE_BASE_URL',
  },
} as const satisfies Record<string, ProviderInfo>;
export type ProviderName = keyof typeof PROVIDERS;

/** The secret that a model needs; undefined when it needs none (echo, servers without keys, unknown providers). */
export function secretOfModel(model: string): readonly string[] | undefined {
  const name = model.split('/', 1)[0]!;
  if (!Object.hasOwn(PROVIDERS, name)) return undefined;
  const info: ProviderInfo = PROVIDERS[name as ProviderName];
  return info.keyOptional ? undefined : info.keys;
}
