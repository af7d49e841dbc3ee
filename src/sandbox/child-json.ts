import { IceError } from '../contracts/errors.ts';

/** Deeper values would overflow the stack of whoever walks them. */
const MOST_DEPTH = 500;

/** Parses what a child said. Its nesting is bounded first, since the child may not have kept to the rules. */
export function parseJson(text: string): unknown {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 92) i++;
      else if (char === 34) inString = false;
    } else if (char === 34) inString = true;
    else if (char === 91 || char === 123) {
      depth += 1;
      if (depth > MOST_DEPTH)
        throw new IceError('output_invalid', `The result is nested more than ${MOST_DEPTH} levels deep`);
    } else if (char === 93 || char === 125) depth -= 1;
  }
  const value = parsed(text);
  // Kept as JSON it would be null, and a run that is taken up again would go on with another value.
  if (MAY_BE_INFINITE.test(text) && holdsInfinity(value))
    throw new IceError('output_invalid', 'The result holds a number that is too large');
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new IceError('output_invalid', 'The result is not JSON');
  }
}

const MAY_BE_INFINITE = /[eE]\+?\d{3}|\d{300}/;
const holdsInfinity = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(holdsInfinity)
    : value === Infinity || value === -Infinity;
