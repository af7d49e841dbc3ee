import { RUN_STATES } from '../contracts/events.ts';
import type { Metrics } from '../server/services.ts';
import type { Stores } from './stores.ts';

/** Upper bounds of request times, in seconds. */
const BUCKETS = [0.005, 0.05, 0.5, 5];

interface Series {
  labels: string;
  count: number;
  seconds: number;
  buckets: number[];
}

/**
 * Metrics in the Prometheus text format (version 0.0.4). Runs are counted in the store when they are asked for, so
 * that they are right after a restart and for every process; a failed run is a failure with the code of its error.
 * Requests are this process's: labels are names of routes, never paths, so that their number is bounded.
 */
export function createMetrics(stores: Pick<Stores, 'counts'>): Metrics {
  const series = new Map<string, Series>();
  return {
    request(route, method, status, ms) {
      const labels = `route="${route}",method="${/^[A-Z]{1,10}$/.test(method) ? method : 'OTHER'}",status="${status}"`;
      let one = series.get(labels);
      if (!one) {
        one = { labels, count: 0, seconds: 0, buckets: BUCKETS.map(() => 0) };
        series.set(labels, one);
      }
      const seconds = ms / 1000;
      one.count++;
      one.seconds += seconds;
      for (const [i, bound] of BUCKETS.entries()) if (seconds <= bound) one.buckets[i]!++;
    },
    async render() {
      const { states, failures } = await stores.counts();
      const lines = [
        '# HELP ice_runs Runs by state.',
        '# TYPE ice_runs gauge',
        ...RUN_STATES.map((state) => `ice_runs{state="${state}"} ${states[state] ?? 0}`),
        '# HELP ice_run_failures_total Failed runs by the code of their error.',
        '# TYPE ice_run_failures_total counter',
        ...Object.entries(failures).map(([code, n]) => `ice_run_failures_total{code="${label(code)}"} ${n}`),
        '# HELP ice_http_request_duration_seconds Answered requests.',
        '# TYPE ice_http_request_duration_seconds histogram',
      ];
      for (const { labels, count, seconds, buckets } of series.values()) {
        for (const [i, bound] of BUCKETS.entries())
          lines.push(`ice_http_request_duration_seconds_bucket{${labels},le="${bound}"} ${buckets[i]}`);
        lines.push(
          `ice_http_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`,
          `ice_http_request_duration_seconds_sum{${labels}} ${seconds}`,
          `ice_http_request_duration_seconds_count{${labels}} ${count}`,
        );
      }
      const { rss } = process.memoryUsage();
      lines.push(
        '# HELP process_resident_memory_bytes Resident memory.',
        '# TYPE process_resident_memory_bytes gauge',
        `process_resident_memory_bytes ${rss}`,
      );
      return `${lines.join('\n')}\n`;
    },
  };
}

/** Codes come from journals: what is none is written so that it can't break the format. */
const label = (text: string): string => text.replace(/[^a-z_]/g, '_').slice(0, 60);
