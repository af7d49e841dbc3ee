import { describe, expect, it } from 'vitest';
import { randomPlan } from './random-plan.ts';
import { randomOf } from './virtual-clock.ts';
import { type Outcome, simulate } from './world.ts';

/**
 * Random plans on a store in memory and a clock of their own; a failure prints its seed. `ICE_SIM_SEED=n` plays one
 * seed, `ICE_SIM_SEEDS=n` plays more of them.
 */
const only = process.env['ICE_SIM_SEED'];
const count = Number(process.env['ICE_SIM_SEEDS'] ?? 40);
const seeds = only ? [Number(only)] : Array.from({ length: count }, (_, i) => i + 1);

function expectSound(outcome: Outcome, seed: number, what: string): void {
  if (outcome.broken.length === 0) return;
  throw new Error(`seed ${seed}, ${what}:\n${outcome.broken.slice(0, 10).join('\n')}\n\n${outcome.story}`);
}

describe('simulation', () => {
  it(`holds its invariants with a crash at every point of every commit (${seeds.length} seeds)`, async () => {
    let [crashes, states] = [0, new Map<string, number>()];
    for (const seed of seeds) {
      const { plan, timely } = randomPlan(randomOf(seed));
      const calm = await simulate(plan, seed, { kind: 'none' });
      expectSound(calm, seed, 'without a crash');
      states.set(calm.state, (states.get(calm.state) ?? 0) + 1);
      for (let at = 0; at < calm.commits; at++) {
        for (const written of [false, true]) {
          const what = `dies at commit ${at}, ${written ? 'written' : 'not written'}`;
          const outcome = await simulate(plan, seed, { kind: 'dies', at: [at], written });
          expectSound(outcome, seed, what);
          expectSame(outcome, calm, timely, `seed ${seed}, ${what}`);
          crashes += 1;
        }
      }
    }
    // A simulation that never gets anywhere would hold every invariant.
    if (!only) {
      expect(states.get('succeeded')).toBeGreaterThan(seeds.length / 4);
      expect(crashes).toBeGreaterThan(seeds.length * 4);
    }
  });

  it('loses cleanly when it was stopped for longer than its lease', async () => {
    for (const seed of seeds.slice(0, 15)) {
      const { plan, timely } = randomPlan(randomOf(seed));
      const calm = await simulate(plan, seed, { kind: 'none' });
      for (let at = 0; at < calm.commits; at += 2) {
        const outcome = await simulate(plan, seed, { kind: 'sleeps', at: [at] });
        expectSound(outcome, seed, `sleeps in commit ${at}`);
        expectSame(outcome, calm, timely, `seed ${seed}, sleeps in commit ${at}`);
      }
    }
  });

  it('survives several deaths', async () => {
    for (const seed of seeds.slice(0, 15)) {
      const { plan, timely } = randomPlan(randomOf(seed));
      const calm = await simulate(plan, seed, { kind: 'none' });
      for (let at = 0; at < calm.commits; at += 2) {
        const mishap = { kind: 'dies' as const, at: [at, at + 1, at + 4], written: at % 4 === 0 };
        const outcome = await simulate(plan, seed, mishap, 4);
        expectSound(outcome, seed, `dies at ${mishap.at}`);
        expectSame(outcome, calm, timely, `seed ${seed}, dies at ${mishap.at}`);
      }
    }
  });

  it('is cancelled, or paused and resumed, by another process at any point', async () => {
    let cancelled = 0;
    for (const seed of seeds.slice(0, 15)) {
      const { plan, timely } = randomPlan(randomOf(seed));
      const calm = await simulate(plan, seed, { kind: 'none' });
      for (let at = 0; at < calm.commits; at += 2) {
        for (const force of [false, true]) {
          const outcome = await simulate(plan, seed, { kind: 'cancelled', at: [at], force });
          expectSound(outcome, seed, `cancelled at ${at}, ${force ? '' : 'not '}by force`);
          if (outcome.state === 'cancelled') cancelled += 1;
          else expectSame(outcome, calm, timely, `seed ${seed}, cancelled at ${at}`);
        }
        const outcome = await simulate(plan, seed, { kind: 'paused', at: [at] });
        expectSound(outcome, seed, `paused at ${at}`);
        expectSame(outcome, calm, timely, `seed ${seed}, paused at ${at}`);
      }
    }
    if (!only) expect(cancelled).toBeGreaterThan(10);
  });

  it('gives the same journal for the same seed', async () => {
    for (const seed of seeds.slice(0, 10)) {
      const { plan } = randomPlan(randomOf(seed));
      const [one, two] = [
        await simulate(plan, seed, { kind: 'none' }),
        await simulate(plan, seed, { kind: 'none' }),
      ];
      expect(one.story).toBe(two.story);
    }
  });
});

/** What does not depend on time is the same with and without the crash. */
function expectSame(outcome: Outcome, calm: Outcome, timely: boolean, what: string): void {
  if (timely) return;
  const result = ({ state, outputs, handled }: Outcome) => ({ state, outputs, handled });
  expect(result(outcome), `${what}\n${calm.story}\n\n${outcome.story}`).toEqual(result(calm));
}
