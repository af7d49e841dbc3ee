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
  const node = (): Promise<ToolRuntime> => {
    trusted ??= import('../sandbox/node/index.ts').then(({ createNodeRuntime }) => createNodeRuntime());
    return trusted;
  };
  // Until the untrusted runtime is there, what asks for the sandbox runs in the trusted one; `untrusted` says so, and
  // the server takes code from its operator only.
  const sandbox = node;
  return {
    sandbox,
    node,
    untrusted: false,
    extract: async (bundle, runtime) => (await (runtime === 'node' ? node() : sandbox())).extract(bundle),
    warm: () => {
      void sandbox().then((runtime) => runtime.warm());
    },
    close: async () => {
      if (trusted) await (await trusted).close();
    },
  };
}
