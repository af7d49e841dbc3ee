const UNITS: Record<string, string> = {
  ms: 'ms', msec: 'ms', millisecond: 'ms', milliseconds: 'ms', s: 's', sec: 's', secs: 's', second: 's', seconds: 's',
  m: 'm', min: 'm', mins: 'm', minute: 'm', minutes: 'm', h: 'h', hr: 'h', hrs: 'h', hour: 'h', hours: 'h',
  d: 'd', day: 'd', days: 'd',
}; // biome-ignore format: a table

/** `30 seconds` -> `30s`; undefined when it can't be told what length of time was meant. */
export function meantDuration(value: unknown): string | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(typeof value === 'string' ? value : '');
  const unit = match && UNITS[match[2]!.toLowerCase()];
  return unit ? `${match[1]}${unit}` : undefined;
}
