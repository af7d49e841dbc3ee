import type { CodeRuntime, Manifest } from '../contracts/components.ts';
import type { Json } from '../contracts/json.ts';
import type { Bundle, ExtractedTool, ToolRuntime } from '../sandbox/port.ts';

/** Where code of tools runs. Nothing is started before the first call, or `warm`. */
export interface Runtimes {
  sandbox(): Promise<ToolRuntime>;
  node(): Promise<ToolRuntime>;
  /** Whether `sandbox` holds code that nobody vouches for. */
  untrusted: boolean;
  /** What a bundle says of itself, read by running it where it would run. */
  extract(bundle: Bundle, runtime: CodeRuntime): Promise<ExtractedTool>;
  /** The document that the bundle of a workflow makes. */
  document(bundle: Bundle, runtime: CodeRuntime): Promise<Json>;
  /** Starts children ahead of the first call; resolves when they are starting. */
  warm(): Promise<void>;
  /** Loads a tool ahead of its first call. */
  prepare(bundle: Bundle, manifest: Pick<Manifest, 'runtime' | 'permissions'>): Promise<void>;
  close(): Promise<void>;
}

export function openRuntimes(): Runtimes {
  let trusted: Promise<ToolRuntime> | undefined;
  let contained: Promise<ToolRuntime> | undefined;
  const node = (): Promise<ToolRuntime> => {
    trusted ??= import('../sandbox/node/index.ts').then(({ createNodeRuntime }) => createNodeRuntime());
    return trusted;
  };
  const sandbox = (): Promise<ToolRuntime> => {
    contained ??= import('../sandbox/quickjs/index.ts').then(({ createSandboxRuntime }) =>
      createSandboxRuntime(),
    );
    return contained;
  };
  const of = (runtime: CodeRuntime): Promise<ToolRuntime> => (runtime === 'node' ? node() : sandbox());
  return {
    sandbox,
    node,
    untrusted: true,
    extract: async (bundle, runtime) => (await of(runtime)).extract(bundle),
    document: async (bundle, runtime) => (await of(runtime)).document(bundle),
    warm: async () => (await sandbox()).warm(),
    prepare: async (bundle, { runtime, permissions }) => {
      // A child of full Node is for one memory limit, and loads code fast enough when it is called.
      if (runtime === 'sandbox') (await sandbox()).prepare?.(bundle, permissions);
    },
    close: async () => {
      await Promise.all([trusted, contained].map(async (runtime) => (await runtime)?.close()));
    },
  };
}
