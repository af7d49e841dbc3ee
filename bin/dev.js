#!/usr/bin/env node
// `ice` from its sources, unbuilt: Node strips the types. For work on ice itself; users get bin/run.js.
import module from 'node:module';

module.enableCompileCache?.();
import('../src/cli/main.ts').then(({ main }) =>
  main({ root: new URL('..', import.meta.url), commands: 'src' }),
);
