/** What a check of zod says, about a value of the right type. */
export function issueText(
  issue: {
    code: string;
    minimum?: unknown;
    maximum?: unknown;
    inclusive?: boolean;
    format?: string;
    message: string;
  },
  value: unknown,
): string {
  const shown = typeof value === 'number' ? `, and is ${value}` : '';
  switch (issue.code) {
    case 'too_small':
      return typeof value === 'string'
        ? `must have at least ${issue.minimum} characters`
        : `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${shown}`;
    case 'too_big':
      return typeof value === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${shown}`;
    case 'invalid_type':
      return `must be a whole number${shown}`;
    case 'invalid_format':
      return issue.format === 'url'
        ? 'must be an address as https://example.com'
        : 'is not written as it must be';
    default:
      return `is not right: ${issue.message}`;
  }
}
