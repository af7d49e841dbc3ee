import type { Json } from '../../../src/contracts/json.ts';
import { bundle } from '../../../src/project/bundle.ts';
import { createHostNetwork } from '../../../src/sandbox/host-fetch.ts';
import type { ExtractedTool, ToolRuntime } from '../../../src/sandbox/port.ts';
import { createSandboxRuntime } from '../../../src/sandbox/quickjs/index.ts';
import { callOf } from '../../sandbox/call-by-hand.ts';

/** Bundles imported tools, reads them and calls them, all as a run would: in the sandbox, behind what they declare. */
export class InSandbox {
  readonly #runtime: ToolRuntime = createSandboxRuntime({ maxChildren: 2 });
  readonly #network = createHostNetwork({ allowPrivate: true });

  async extract(root: string, file: string): Promise<ExtractedTool> {
    return this.#runtime.extract(await bundle({ root, file }));
  }

  async call(root: string, file: string, input: Json, secrets: Record<string, string> = {}): Promise<Json> {
    const built = await bundle({ root, file });
    const tool = await this.#runtime.extract(built);
    return this.#runtime.call(
      callOf(built, input, {
        permissions: tool.permissions,
        secrets,
        fetch: this.#network.hostFetch({ hosts: tool.permissions.net }),
      }),
    );
  }

  async close(): Promise<void> {
    await this.#runtime.close();
    await this.#network.close();
  }
}
