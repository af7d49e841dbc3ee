import { expect, test } from 'vitest';
import { makeEager, type Range } from '../../scripts/eager-functions.ts';

const ranges = (text: string, parts: string[]): Range[] =>
  parts.map((part) => {
    const start = text.indexOf(part);
    expect(start, part).toBeGreaterThanOrEqual(0);
    return { start, end: start + part.length };
  });
const eager = (text: string, ...parts: string[]): string => makeEager(text, ranges(text, parts));

test('arrow functions and function expressions are put in parentheses where they stand', () => {
  expect(eager('const f = (a = g(1), b) => a;\n', '(a = g(1), b) => a')).toBe(
    'const f = ((a = g(1), b) => a);\n',
  );
  expect(eager('list.map(x => x + 1);\n', 'x => x + 1')).toBe('list.map((x => x + 1));\n');
  expect(eager('const f = function() {\n};\n', 'function() {\n}')).toBe('const f = (function() {\n});\n');
  expect(eager('const f = () => () => 1;\n', '() => () => 1', '() => 1')).toBe(
    'const f = (() => (() => 1));\n',
  );
});

test('declarations of the module become variables at its top', () => {
  const text =
    'import a from "a";\nconst b = f();\nfunction f() {\n  return [1].map((n) => n);\n}\nexport { b };\n';
  const whole = text.slice(text.indexOf('function'), text.indexOf('\nexport'));
  expect(eager(text, whole, '(n) => n')).toBe(
    'var f = (function() {\n  return [1].map(((n) => n));\n});\nimport a from "a";\nconst b = f();\n\nexport { b };\n',
  );
  expect(eager('async function* f() {\n}\n', 'async function* f() {\n}')).toBe(
    'var f = (async function*() {\n});\n\n',
  );
});

test('modules of CommonJS become functions of their names', () => {
  const module = '"node_modules/a/b.js"(exports, module) {\n    module.exports = () => 1;\n  }';
  expect(eager(`var require_b = __commonJS({\n  ${module}\n});\n`, module, '() => 1')).toBe(
    'var require_b = __commonJS({\n  "node_modules/a/b.js": (function(exports, module) {\n    module.exports = (() => 1);\n  })\n});\n',
  );
});

test('what is no expression, and what V8 does not look at, stays as it is', () => {
  const text = `class A {
  m(a) {
    return a;
  }
  get g() {
    return 1;
  }
}
if (A) {
  function inner() {
  }
}
const f = async (x) => x;
`;
  const parts = [
    'm(a) {\n    return a;\n  }',
    'g() {\n    return 1;\n  }',
    'function inner() {\n  }',
    'async (x) => x',
  ];
  expect(eager(text, ...parts)).toBe(text);
});

test('a text does the same as before', () => {
  const text = `const order = [];
order.push(first(2), (() => 3)());
function first(n) {
  const twice = (m) => second(m) * 2;
  return twice(n);
}
function second(m) {
  return { of: function() { return m; } }.of();
}
order.push(first.name, second.name);
`;
  const parts = [
    '() => 3',
    text.slice(text.indexOf('function first'), text.indexOf('\nfunction second')),
    '(m) => second(m) * 2',
    text.slice(text.indexOf('function second'), text.indexOf('\norder.push(first.name')),
    'function() { return m; }',
  ];
  const run = (code: string): unknown => new Function(`${code}return order;`)();
  expect(run(text)).toEqual([4, 3, 'first', 'second']);
  expect(run(eager(text, ...parts))).toEqual(run(text));
});
