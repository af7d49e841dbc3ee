/** What a plan has where its blueprint says nothing. */
export const PLAN_DEFAULTS = { concurrency: 100, loopConcurrency: 10, maxCrashes: 3 } as const;
