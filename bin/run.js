#!/usr/bin/env node
// This file has to parse on Node 18, so that an old Node gets one line with the fix instead of a syntax error. It does
// three things only: checks the Node version, answers --version, and turns the compile cache on before the first
// import of ours. It asks for what it needs of Node by name: an import reads every export, and loads half of Node so.
const root = new URL('..', import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `ice needs Node 22.18 or newer, and this is ${process.versions.node}. Fix: npm i -D node@24\n`,
  );
  process.exitCode = 14;
} else if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  const { readFileSync } = process.getBuiltinModule('fs');
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  process.stdout.write(`ice ${version}\n`);
} else {
  process.getBuiltinModule('module').enableCompileCache();
  import('../dist/cli/main.js').then(
    ({ main }) => main({ root, commands: 'dist' }),
    (error) => {
      const built = error?.code !== 'ERR_MODULE_NOT_FOUND';
      process.stderr.write(
        built ? `ice could not start: ${error?.message}\n` : 'ice is not built here. Fix: npm run build\n',
      );
      process.exitCode = built ? 70 : 14;
    },
  );
}
