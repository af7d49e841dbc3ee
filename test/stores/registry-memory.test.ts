import { createMemoryArtifactStore } from '../../src/stores/memory-artifacts.ts';
import { createMemoryIdempotencyStore } from '../../src/stores/memory-idempotency.ts';
import { createMemoryRegistryStore } from '../../src/stores/memory-registry.ts';
import { createMemoryTokenStore } from '../../src/stores/memory-tokens.ts';
import { registryStoreSuite } from '../suites/registry-store.ts';

registryStoreSuite('registry in memory', async () => ({
  registry: createMemoryRegistryStore(),
  artifacts: createMemoryArtifactStore(),
  tokens: createMemoryTokenStore(),
  idempotency: createMemoryIdempotencyStore(),
  close: async () => {},
}));
