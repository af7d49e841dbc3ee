import type { RuntimeName } from '../contracts/components.ts';
import type { Bundle, ExtractedTool, ToolRuntime } from '../sandbox/port.ts';

/** Where code of tools runs. Nothing is started before the first call, or `warm`. */
export interface Runtimes {
  sandbox(): Promise<ToolRuntime>;
  node(): Promise<ToolRuntime>;
  /** Whether `sandbox` holds code that nobody vouches for. */
  untrusted: boolean;
  /** What a bundle says of itself, read by running it where it would run. */
  extract(bundle: Bundle, runtime: RuntimeName): Promise<ExtractedTool>;
  /** Starts children ahead of the first call. */
  warm(): void;
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
  return {
    sandbox,
    node,
    untrusted: true,
    extract: async (bundle, runtime) => (await (runtime === 'node' ? node() : sandbox())).extract(bundle),
    warm: () => {
      void sandbox().then((runtime) => runtime.warm());
    },
    close: async () => {
      await Promise.all([trusted, contained].map(async (runtime) => (await runtime)?.close()));
    },
  };
}
