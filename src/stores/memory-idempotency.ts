import type { IdempotencyStore } from '../registry/ports.ts';
import { IDEMPOTENCY_KEPT_MS, IDEMPOTENCY_RESERVED_MS, idempotencyMismatch } from './idempotency-rules.ts';

interface StoredKey {
  requestHash: string;
  answer?: { status: number; body: string };
  createdAt: number;
}

/** Answers by Idempotency-Key, in memory. */
export function createMemoryIdempotencyStore(): IdempotencyStore {
  // A Map keeps the order of insertion, so the oldest keys are the first.
  const keys = new Map<string, StoredKey>();
  const at = (scope: string, key: string): string => JSON.stringify([scope, key]);
  return {
    begin: async (scope, key, requestHash, now) => {
      const stored = keys.get(at(scope, key));
      const age = stored ? now - stored.createdAt : 0;
      if (stored && age <= IDEMPOTENCY_KEPT_MS) {
        if (stored.requestHash !== requestHash) throw idempotencyMismatch(key);
        if (stored.answer) return { ...stored.answer };
        if (age <= IDEMPOTENCY_RESERVED_MS) return 'in-progress';
      }
      for (const [old, { createdAt }] of keys) {
        if (now - createdAt <= IDEMPOTENCY_KEPT_MS) break;
        keys.delete(old);
      }
      keys.delete(at(scope, key));
      keys.set(at(scope, key), { requestHash, createdAt: now });
      return 'new';
    },
    finish: async (scope, key, answer) => {
      const stored = keys.get(at(scope, key));
      if (stored && !stored.answer) stored.answer = { ...answer };
    },
    abandon: async (scope, key) => {
      if (!keys.get(at(scope, key))?.answer) keys.delete(at(scope, key));
    },
  };
}
