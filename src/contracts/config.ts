/**
 * Every setting, with its environment name and its default. Order of values: flag > environment > project file >
 * user config > default; each value keeps its origin. docs/reference/configuration.md is generated from this.
 */
export type Origin = 'flag' | 'env' | 'project' | 'user' | 'default';
export interface Setting {
  env?: string;
  /** Key in `ice.yaml` and the user's config; absent: only flag and environment. */
  key?: string;
  default?: string;
  secret?: boolean;
  summary: string;
}

export const SETTINGS = {
  target: {
    env: 'ICE_TARGET',
    key: 'target',
    default: 'local',
    summary: 'Where commands go: local, or a named target',
  },
  apiUrl: {
    env: 'ICE_API_URL',
    summary: 'Address of a hosted API; with ICE_API_TOKEN it is a target of its own, named env',
  },
  apiToken: {
    env: 'ICE_API_TOKEN',
    secret: true,
    summary: 'The bearer token for ICE_API_URL, or for the named target',
  },
  project: {
    env: 'ICE_PROJECT',
    key: 'project',
    summary: 'Project on the target; the name in ice.yaml unless said',
  },
  noInput: { env: 'ICE_NO_INPUT', default: '0', summary: '1: never ask; what is missing is exit 9' },
  database: {
    env: 'ICE_DATABASE',
    key: 'database',
    default: '.ice/ice.db',
    summary: 'The SQLite file of the local target and of ice serve',
  },
  durability: {
    env: 'ICE_DURABILITY',
    key: 'durability',
    default: 'full',
    summary:
      'full: each commit is on disk (fsync); normal: survives a crash of the process, not of the machine',
  },
  host: { env: 'ICE_HOST', default: '127.0.0.1', summary: 'Address that ice serve and ice dev listen on' },
  port: {
    env: 'ICE_PORT',
    default: '4747',
    summary: 'Port that ice serve and ice dev listen on; 0 = any free one',
  },
  operatorToken: {
    env: 'ICE_OPERATOR_TOKEN',
    secret: true,
    summary: "The operator's token of ice serve; made on first use when absent",
  },
  configDir: { env: 'ICE_CONFIG_DIR', summary: 'Folder of the user config and of 0600 credential files' },
  keyring: { env: 'ICE_KEYRING', default: '1', summary: '0: do not ask the OS keyring, use the 0600 file' },
  masterKey: {
    env: 'ICE_MASTER_KEY',
    secret: true,
    summary: 'Key that encrypts secrets at rest: 32 bytes in base64',
  },
  masterKeyFile: { env: 'ICE_MASTER_KEY_FILE', summary: 'File with the master key' },
  modelPrices: {
    env: 'ICE_MODEL_PRICES',
    summary:
      'A JSON file of prices that go over the shipped ones: { "provider/name": { "input", "output" } }',
  },
  modelLimits: {
    env: 'ICE_MODEL_LIMITS',
    summary:
      'Calls of models at once and in a minute: openai/*=concurrency:4,requestsPerMinute:60; *=concurrency:20',
  },
  modelEndpoints: {
    env: 'ICE_MODEL_ENDPOINTS',
    summary: 'More OpenAI-compatible providers: ollama=http://127.0.0.1:11434/v1; the key is <NAME>_API_KEY',
  },
  modelTimeout: {
    env: 'ICE_MODEL_TIMEOUT',
    default: '120s',
    summary: 'The longest silence of a model provider, before its answer and within it',
  },
  outputFile: { env: 'ICE_OUTPUT_FILE', summary: 'A file that receives the same JSON lines as --events' },
  logLevel: {
    env: 'ICE_LOG_LEVEL',
    default: 'warn',
    summary: 'debug, info, warn, error: what the server writes to stderr',
  },
} as const satisfies Record<string, Setting>;
export type SettingName = keyof typeof SETTINGS;

/** A resolved value and where it came from. */
export interface Resolved {
  value: string | undefined;
  origin: Origin;
  /** The flag, variable or file that gave it. */
  from: string;
}
