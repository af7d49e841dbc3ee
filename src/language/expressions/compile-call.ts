import type { CallNode, Json, Span } from './ast.ts';
import { type Builtin, builtin, implementation, type Param } from './builtins.ts';
import type { Code } from './code.ts';
import type { Meter } from './meter.ts';
import { aType, typeName } from './values.ts';

/** The parameter that takes argument `i`. */
export const paramOf = (of: Builtin, i: number): Param => of.params[Math.min(i, of.params.length - 1)]!;

export function compileCall(node: CallNode, args: Code[]): Code {
  const known = builtin(node.name)!;
  const run = implementation(node.name)!;
  const checks = args.map((_, i) => checker(known, i, node.args[i]!));
  const [first, second] = args;
  const [checkFirst, checkSecond] = checks;
  if (args.length === 1) {
    return (m: Meter) => {
      if (--m.left < 0) m.exhausted();
      const a = first!(m);
      checkFirst!(m, a);
      m.at = node;
      return run(m, a);
    };
  }
  if (args.length === 2) {
    return (m: Meter) => {
      if (--m.left < 0) m.exhausted();
      const a = first!(m);
      const b = second!(m);
      checkFirst!(m, a);
      checkSecond!(m, b);
      m.at = node;
      return run(m, a, b);
    };
  }
  return (m: Meter) => {
    m.spend(1 + args.length);
    const values = args.map((arg) => arg(m));
    for (let i = 0; i < values.length; i++) checks[i]!(m, values[i]!);
    m.at = node;
    return run(m, ...values);
  };
}

/** The check of argument `i` at run time; the same table is read by the static checker. */
function checker(known: Builtin, i: number, at: Span): (m: Meter, value: Json) => void {
  const param = paramOf(known, i);
  if (param.types.includes('any')) return () => {};
  const whole = param.types.includes('integer');
  const types = new Set<string>(param.types.map((type) => (type === 'integer' ? 'number' : type)));
  return (m, value) => {
    if (!types.has(typeName(value))) {
      m.fail(
        'ICE1410',
        `${known.name}() needs ${expected(param)} for '${param.name}', and got ${aType(value)}`,
        {
          at,
          help:
            value === null
              ? 'A value that may be null needs a default: x.orValue(…).'
              : `It is ${known.signature}.`,
        },
      );
    }
    if (whole && !Number.isInteger(value)) {
      m.fail('ICE1318', `${known.name}() needs a whole number for '${param.name}', and got ${value}`, { at });
    }
  };
}

/** `a string or array`. */
export const expected = (param: Param): string => {
  const names = param.types.map((type) => (type === 'integer' ? 'whole number' : type));
  return `${/^[aeiou]/.test(names[0]!) ? 'an' : 'a'} ${names.join(' or ')}`;
};
